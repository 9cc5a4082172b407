/** Numbers as people read them: every one with its unit or its age. */

const MINUS = "\u2212";

/** 0:07, 2:14, 1:02:09 */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  const seconds = String(total % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** 2 s ago, 4 min ago, 3 h ago, 2 d ago */
export function ago(ms: number): string {
  return `${span(ms)} ago`;
}

/** 2 s, 4 min, 3 h, 2 d */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.floor(hours / 24)} d`;
}

/** ±12 m, ±1.4 km, ±35 km. A radius of under a metre is no claim anyone should make. */
export function radius(metres: number): string {
  if (metres < 999.5) return `±${Math.max(1, Math.round(metres))} m`;
  if (metres < 9950) return `±${(metres / 1000).toFixed(1)} km`;
  return `±${Math.round(metres / 1000)} km`;
}

/** Five decimals are about a metre. Typographic minus: for reading. */
export function coordinates(lat: number, lon: number): string {
  return plainCoordinates(lat, lon).replaceAll("-", MINUS);
}

/** The same in ASCII: for pasting into other programs. */
export function plainCoordinates(lat: number, lon: number): string {
  const digits = (value: number) => (Math.abs(value) < 5e-6 ? 0 : value).toFixed(5);
  return `${digits(lat)}, ${digits(lon)}`;
}

/** Local time of day, 14:03:22 */
export function timeOfDay(at: string | number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** Time of day without seconds, for a time that lies ahead. */
export function shortTime(at: string | number): string {
  return timeOfDay(at).slice(0, 5);
}

/** Milliseconds since `at`; negative times (clocks differ) count as now. */
export function since(at: string, now: number): number {
  const then = Date.parse(at);
  return Number.isNaN(then) ? 0 : Math.max(0, now - then);
}

export function sentence(text: string): string {
  const trimmed = text.trim();
  if (!trimmed) return "";
  const first = trimmed[0]!.toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

export function capital(text: string): string {
  return text ? text[0]!.toUpperCase() + text.slice(1) : text;
}

/** English: whoever reads the console reads that, and not each caller's own script. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code; // not a language's code
  }
}
