// A contender of bench.client: npm's postmark. Reads "case calls" lines, makes the calls, says what they took.
const readline = require("readline");
const postmark = require("postmark");

const url = new URL(process.argv[2]);
const client = new postmark.ServerClient("11111111-2222-3333-4444-555555555555", {
  useHttps: false,
  requestHost: url.host,
});
const body = "Hello, this is a message of a usual length. ".repeat(4);
const message = { From: "sender@example.com", To: "receiver@example.com", Subject: "Hello", TextBody: body };
const cases = {
  small: () => client.sendEmail(message),
  list500: () => client.getBounces({ count: 500, offset: 0 }),
  batch500: () => client.sendEmailBatch(Array(500).fill(message)),
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [name, calls] = line.split(" ");
    const cpu = process.cpuUsage();
    const wall = process.hrtime.bigint();
    for (let n = 0; n < Number(calls); n++) await cases[name]();
    const used = process.cpuUsage(cpu);
    const took = { wall: Number(process.hrtime.bigint() - wall) / 1e9, cpu: (used.user + used.system) / 1e6 };
    process.stdout.write(JSON.stringify(took) + "\n");
  }
})();
