// Speaks to a collector with @segment/analytics-node as its manual says.
import { Analytics } from "@segment/analytics-node";

const [host, writeKey, who] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, maxRetries: 0 });
const failures = [];
analytics.on("error", (error) => failures.push(String(error.reason ?? error)));

analytics.identify({ userId: who, traits: { email: `${who}@example.org`, plan: "pro" } });
analytics.track({ userId: who, event: "Order Completed", properties: { total: 12.5 } });
analytics.page({ anonymousId: `visitor-${who}`, name: "Home", properties: { url: "https://shop.example.org/" } });
analytics.screen({ userId: who, name: "Main" });
analytics.group({ userId: who, groupId: "g1", traits: { name: "Acme" } });
analytics.alias({ userId: who, previousId: `visitor-${who}` });
await analytics.closeAndFlush();
console.log(JSON.stringify({ failures }));
