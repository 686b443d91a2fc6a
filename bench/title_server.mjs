// A model that answers every question after 50 ms with titles that fit the made notes; prints its port.
import { createServer } from 'node:http';

const ANSWER_MS = 50;
const TITLES = {
  en: ['A filling meal for cold evenings', 'Thick, smoky and full of beans', 'Beans and paprika from the mountains'],
  zh: ['牛腩软烂入味，汤汁拌饭很香', '番茄带来清爽的酸味', '一道酸甜浓郁的家常炖菜'],
};

const server = createServer((incoming, response) => {
  const parts = [];
  incoming.on('data', (part) => parts.push(part));
  incoming.on('end', () => {
    const { messages } = JSON.parse(Buffer.concat(parts).toString('utf8'));
    const content = JSON.stringify(/牛腩/.test(messages.at(-1).content) ? TITLES.zh : TITLES.en);
    const usage = { prompt_tokens: 500, completion_tokens: 40, total_tokens: 540 };
    const body = JSON.stringify({ choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }], usage });
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(body);
    }, ANSWER_MS);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.on('disconnect', () => process.exit(0));
