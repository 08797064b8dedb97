// Loaded into the agent by the guard's own proof: burns LOGQ_GUARD_SLOWDOWN (0.25: a quarter) of its user CPU once more.
const share = Number(process.env.LOGQ_GUARD_SLOWDOWN);
let burnt = 0;
const used = () => process.cpuUsage().user;

function burn() {
  const started = used();
  const owed = (started - burnt) * share - burnt;
  const until = started + owed;
  while (used() < until);
  burnt += Math.max(0, used() - started);
}

setInterval(burn, 20).unref();
process.on("exit", burn);
