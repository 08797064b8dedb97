import { ByteSink } from "./byte-sink.ts";

/** Wire types of Thrift's compact protocol, as list element types. */
export const THRIFT = { bool: 1, i32: 5, i64: 6, binary: 8, struct: 12 } as const;

/**
 * Writes structs of Thrift's compact protocol: what Parquet's page headers, indexes and footer are made of.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export class ThriftWriter {
  readonly sink: ByteSink;
  #lastField = 0;

  constructor(sink: ByteSink = new ByteSink()) {
    this.sink = sink;
  }

  bool(field: number, value: boolean): void {
    this.#header(field, value ? 1 : 2);
  }

  i8(field: number, value: number): void {
    this.#header(field, 3);
    this.sink.byte(value & 0xff);
  }

  i16(field: number, value: number): void {
    this.#header(field, 4);
    this.sink.varint(value * 2);
  }

  /** A whole number from 0 to 2^31 - 1: Parquet's structs hold no negative ones. */
  i32(field: number, value: number): void {
    this.#header(field, THRIFT.i32);
    this.sink.varint(value * 2);
  }

  /** A whole number from 0 to 2^52. */
  i64(field: number, value: number): void {
    this.#header(field, THRIFT.i64);
    this.sink.varint(value * 2);
  }

  binary(field: number, value: Uint8Array | string): void {
    this.#header(field, THRIFT.binary);
    this.element(value);
  }

  struct(field: number, write: () => void): void {
    this.#header(field, THRIFT.struct);
    this.structElement(write);
  }

  /** A struct that was written before, by `structElement`. */
  encodedStruct(field: number, bytes: Uint8Array): void {
    this.#header(field, THRIFT.struct);
    this.sink.appendBytes(bytes);
  }

  list(field: number, type: number, count: number): void {
    this.#header(field, 9);
    if (count < 15) {
      this.sink.byte((count << 4) | type);
    } else {
      this.sink.byte(0xf0 | type);
      this.sink.varint(count);
    }
  }

  /** One element of a list of binary; i32 and i64 elements are `sink.varint(2 * value)`. */
  element(value: Uint8Array | string): void {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    this.sink.varint(bytes.length);
    this.sink.appendBytes(bytes);
  }

  /** One element of a list of structs, or a whole message. */
  structElement(write: () => void): void {
    const outer = this.#lastField;
    this.#lastField = 0;
    write();
    this.sink.byte(0);
    this.#lastField = outer;
  }

  #header(field: number, type: number): void {
    this.sink.byte(((field - this.#lastField) << 4) | type);
    this.#lastField = field;
  }
}
