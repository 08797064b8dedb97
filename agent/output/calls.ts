/** Methods alone, each of which makes one request. */
export type Port<Self> = { [Name in keyof Self]: (...args: never[]) => Promise<unknown> };

/** The port with `around` around each of its calls. */
export function aroundCalls<Self extends Port<Self>>(
  port: Self,
  around: (call: () => Promise<unknown>) => Promise<unknown>,
): Self {
  const wrapped = Object.entries(port).map(([name, method]) => {
    const call = method as (...args: unknown[]) => Promise<unknown>;
    return [name, async (...args: unknown[]) => await around(async () => await call(...args))];
  });
  return Object.fromEntries(wrapped) as Self;
}
