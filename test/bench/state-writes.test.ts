import { expect, test } from "vitest";
import { sumWrites } from "../../bench/state-writes.ts";

test("writes below the folder are summed, whatever the thread, failed and interrupted calls included", () => {
  const trace = `71 pwrite64(20</s/state/outputs/a.journal>, ""..., 300, 512) = 300
71 write(21</s/store/_staging/x>, ""..., 4096) = 4096
71 write(2<pipe:[123]>, ""..., 80) = 80
72 write(22</s/state/files/1.json.tmp>, ""..., 1000 <unfinished ...>
71 write(23</s/stateless>, ""..., 7) = 7
73 write(21</s/store/_staging/x>, ""..., 4096 <unfinished ...>
72 <... write resumed>) = 1000
73 <... write resumed>) = 4096
71 pwrite64(20</s/state/outputs/a.journal>, ""..., 300, 812) = -1 ENOSPC (No space left on device)
`;
  expect(sumWrites(trace, "/s/state")).toBe(1300);
});
