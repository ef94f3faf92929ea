"""python -m crm_sync.standins.hubspot --port 4010 --portal-url http://localhost:8000/hooks/hubspot/"""

import argparse
from pathlib import Path

import uvicorn

from crm_sync.standins.hubspot.app import StandIn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m crm_sync.standins.hubspot", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4010)
    parser.add_argument("--portal-url", default="", help="where webhooks go; none are sent without it")
    parser.add_argument("--state", type=Path, help="a JSON file that outlives this process")
    parser.add_argument("--token", default="pat-standin", help="the one token that the API accepts")
    parser.add_argument("--secret", default="standin-secret", help="what webhooks are signed with")
    parser.add_argument("--app-id", default="7711")
    parser.add_argument("--quiet", action="store_true", help="log warnings only")
    given = parser.parse_args()
    standin = StandIn(
        token=given.token,
        secret=given.secret,
        app_id=given.app_id,
        portal_url=given.portal_url,
        state=given.state,
    )
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
