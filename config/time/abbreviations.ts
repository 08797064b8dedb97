/** Hours east of UTC of the names that Fluent Bit's `%Z` knows. */
const HOURS: Readonly<Record<string, number>> = {
  GMT: 0, UTC: 0, UT: 0, Z: 0,
  EST: -5, EDT: -4, CST: -6, CDT: -5, MST: -7, MDT: -6, PST: -8, PDT: -7,
  AKST: -9, AKDT: -8, HST: -10, HADT: -9, AST: -4, ADT: -3, NST: -3.5, NDT: -2.5,
  WET: 0, WEST: 1, CET: 1, CEST: 2, EET: 2, EEST: 3, MSK: 3,
  ART: -3, BRT: -3, BRST: -2, CLT: -4, CLST: -3,
  AEST: 10, AEDT: 11, ACST: 9.5, ACDT: 10.5, AWST: 8, NZST: 12, NZDT: 13,
  JST: 9, KST: 9, SGT: 8, IST: 5.5, GST: 4, ICT: 7, WIB: 7, WITA: 8, WIT: 9, MYT: 8, BDT: 6, NPT: 5.75,
  WAT: 1, CAT: 2, EAT: 3, SAST: 2,
}; // prettier-ignore

/** The military zones: A to M east of UTC, N to Y west of it; J is none. */
const EAST = "ABCDEFGHIKLM";
const WEST = "NOPQRSTUVWXY";

/** Seconds east of UTC of a zone's abbreviation in any case, or null if it is not known. */
export function offsetOfAbbreviation(name: string): number | null {
  const letters = name.toUpperCase();
  const hours = HOURS[letters];
  if (hours !== undefined) return hours * 3600;
  if (letters.length !== 1) return null;
  if (EAST.includes(letters)) return (EAST.indexOf(letters) + 1) * 3600;
  return WEST.includes(letters) ? -(WEST.indexOf(letters) + 1) * 3600 : null;
}
