"""Speaks to a collector with the SDK named first, as its manual says."""

import importlib
import json
import sys

name, host, key, who = sys.argv[1:]
module = importlib.import_module(name)
failures: list[str] = []
client = module.Client(
    key, host=host, on_error=lambda error, _: failures.append(str(error)), max_retries=1
)
client.identify(who, {"email": f"{who}@example.org", "plan": "pro"})
client.track(who, "Order Completed", {"total": 12.5})
client.page(
    anonymous_id=f"visitor-{who}", name="Home", properties={"url": "https://shop.example.org/"}
)
client.screen(who, name="Main")
client.group(who, "g1", {"name": "Acme"})
client.alias(f"visitor-{who}", who)
client.shutdown()
sys.stdout.write(json.dumps({"failures": failures}))
