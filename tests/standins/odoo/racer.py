"""A client in a process of its own: executes the calls it reads, one JSON line each, and writes their results."""

import json
import sys

import odoorpc


def main() -> None:
    client = odoorpc.ODOO("127.0.0.1", port=int(sys.argv[1]), version="18.0")
    client.login("demo", "integration", "integration-key")
    for line in sys.stdin:
        result = client.execute_kw(*json.loads(line))
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
