/** What a stream says is so: the same reducer for the console and the caller page. */

export type Body = Readonly<Record<string, unknown>>;

export interface Item {
  kind: string;
  id: string;
  body: Body | null;
}

export interface Entry extends Item {
  seq: number;
}

export interface Latest {
  key: string;
  version: number;
  body: Body | null;
}

export interface Snapshot {
  t: "snapshot";
  /** The protocol the server speaks; absent before there were versions. */
  v?: number;
  epoch: string;
  seq: number;
  now: string;
  items: Item[];
  latest: Latest[];
}

export interface Entries {
  t: "entries";
  v?: number;
  entries: Entry[];
}

export interface LatestMessage {
  t: "latest";
  latest: Latest[];
}

export interface Beat {
  t: "beat";
  seq: number;
  now: string;
  latest: Latest[];
}

export type StateMessage = Snapshot | Entries | LatestMessage | Beat;

/** One thing that is now different. `body` null: it is gone. */
export type Change =
  | { of: "item"; kind: string; id: string; body: Body | null }
  | { of: "latest"; key: string; body: Body | null };

export class Model {
  readonly items = new Map<string, Map<string, Body>>();
  readonly latest = new Map<string, { version: number; body: Body }>();
  epoch: string | null = null;
  seq = 0;
  /** An entry was missed: what follows cannot be applied until the missing ones are fetched. */
  gap = false;
  private head = 0; // the stream's last number, as the last heartbeat gave it

  get<T = Body>(kind: string, id: string): T | undefined {
    return this.items.get(kind)?.get(id) as T | undefined;
  }

  all<T = Body>(kind: string): T[] {
    return [...(this.items.get(kind)?.values() ?? [])] as T[];
  }

  last<T = Body>(key: string): T | undefined {
    return this.latest.get(key)?.body as T | undefined;
  }

  apply(message: StateMessage): Change[] {
    switch (message.t) {
      case "snapshot":
        return this.restart(message);
      case "entries":
        return this.append(message.entries);
      case "latest":
        return this.renew(message.latest);
      case "beat":
        // The head may run ahead of entries still on their way. It is a gap if what was the head
        // a whole heartbeat ago has still not come.
        if (this.seq < this.head) this.gap = true;
        this.head = message.seq;
        return this.renew(message.latest);
    }
  }

  private restart(message: Snapshot): Change[] {
    const changes: Change[] = [];
    const kept = new Set(message.items.map((item) => `${item.kind}\n${item.id}`));
    for (const [kind, bodies] of this.items) {
      for (const id of bodies.keys()) {
        if (!kept.has(`${kind}\n${id}`)) changes.push({ of: "item", kind, id, body: null });
      }
    }
    this.items.clear();
    for (const item of message.items) changes.push(this.put(item));

    const keys = new Set(message.latest.map((value) => value.key));
    for (const key of [...this.latest.keys()]) {
      // In another epoch (a restored database) versions start again: keep nothing.
      const known = keys.has(key) && message.epoch === this.epoch;
      if (known) continue;
      this.latest.delete(key);
      if (!keys.has(key)) changes.push({ of: "latest", key, body: null });
    }
    changes.push(...this.renew(message.latest));

    this.epoch = message.epoch;
    this.seq = message.seq;
    this.head = message.seq;
    this.gap = false;
    return changes;
  }

  private append(entries: Entry[]): Change[] {
    const changes: Change[] = [];
    for (const entry of entries) {
      if (entry.seq <= this.seq) continue;
      if (entry.seq > this.seq + 1) {
        this.gap = true;
        break;
      }
      this.seq = entry.seq;
      changes.push(this.put(entry));
    }
    return changes;
  }

  private put({ kind, id, body }: Item): Change {
    let bodies = this.items.get(kind);
    if (!bodies) this.items.set(kind, (bodies = new Map<string, Body>()));
    if (body === null) bodies.delete(id);
    else bodies.set(id, body);
    if (bodies.size === 0) this.items.delete(kind);
    return { of: "item", kind, id, body };
  }

  private renew(values: Latest[]): Change[] {
    const changes: Change[] = [];
    for (const { key, version, body } of values) {
      const known = this.latest.get(key);
      if (known && version <= known.version) continue;
      if (body === null) this.latest.delete(key);
      else this.latest.set(key, { version, body });
      if (body !== null || known) changes.push({ of: "latest", key, body });
    }
    return changes;
  }
}
