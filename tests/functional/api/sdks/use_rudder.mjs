// Speaks to a collector with @rudderstack/rudder-sdk-node as its manual says.
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const [host, writeKey, who] = process.argv.slice(2);
const client = new RudderAnalytics(writeKey, { dataPlaneUrl: host, logLevel: "error" });
const failures = [];
const send = (call, message) =>
  new Promise((done) =>
    client[call](message, (error) => {
      if (error) failures.push(String(error));
      done();
    })
  );

const calls = [
  send("identify", { userId: who, traits: { email: `${who}@example.org`, plan: "pro" } }),
  send("track", { userId: who, event: "Order Completed", properties: { total: 12.5 } }),
  send("page", { anonymousId: `visitor-${who}`, name: "Home", properties: { url: "https://shop.example.org/" } }),
  send("screen", { userId: who, name: "Main" }),
  send("group", { userId: who, groupId: "g1", traits: { name: "Acme" } }),
  send("alias", { userId: who, previousId: `visitor-${who}` }),
];
await client.flush();
await Promise.all(calls);
console.log(JSON.stringify({ failures }));
