/** Names that the page makes: of its link, and of itself. */

/**
 * A name for what belongs to one link, from which the link's secret cannot be had back: 53 bits
 * of a secret of 128 or more. (Not a cryptographic hash: those are asynchronous in browsers.)
 */
export function fingerprint(secret: string): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < secret.length; i++) {
    const code = secret.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code ^ (a >>> 13), 0x85ebca6b);
  }
  return ((a >>> 0) * 2 ** 21 + (b >>> 11)).toString(36);
}

/** A random name for this page load. */
export function uuid(): string {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  const bytes = (crypto as Crypto).getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
