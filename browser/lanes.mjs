// Work on many things, some at a time; every failure is told.
export async function each(items, lanes, work) {
  const waiting = [...items];
  const failures = [];
  const run = async (lane) => {
    while (waiting.length) {
      await work(waiting.shift(), lane).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
  if (failures.length) throw new AggregateError(failures, failures.map((failure) => failure.message).join("\n"));
}
