"""python -m crm_sync.standins.salesforce --port 4020 --portal-url http://localhost:8000/hooks/salesforce/…/"""

import argparse
from pathlib import Path

import uvicorn

from crm_sync.standins.salesforce.app import StandIn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m crm_sync.standins.salesforce", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4020)
    parser.add_argument(
        "--portal-url", default="", help="where Outbound Messages go; none are sent without it"
    )
    parser.add_argument("--events-port", type=int, help="of its Pub/Sub API; there is none without it")
    parser.add_argument("--state", type=Path, help="a JSON file that outlives this process")
    parser.add_argument("--quiet", action="store_true", help="log warnings only")
    given = parser.parse_args()
    standin = StandIn(portal_url=given.portal_url, state=given.state, events_port=given.events_port)
    level = "warning" if given.quiet else "info"
    uvicorn.run(
        standin.app,
        host=given.host,
        port=given.port,
        log_level=level,
        access_log=False,
        interface="asgi3",  # named, because uvicorn cannot tell by itself what kind of application a method is
    )


if __name__ == "__main__":
    main()
