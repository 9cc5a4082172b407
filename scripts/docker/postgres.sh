#!/bin/sh
# Runs once, when PostgreSQL's volume is empty: the application's role is neither superuser nor
# able to make extensions, so PostGIS is made for it here.
set -eu

psql -X -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres <<SQL
\set password \`printenv SIGHTLINE_PASSWORD\`
CREATE ROLE sightline LOGIN NOSUPERUSER PASSWORD :'password';
CREATE DATABASE sightline OWNER sightline;
\connect sightline
CREATE EXTENSION IF NOT EXISTS postgis;
SQL
