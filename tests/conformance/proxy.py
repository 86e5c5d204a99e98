"""A proxy behind which every host of Salesforce is one org: `python3 proxy.py HOST:PORT`.

Many clients know Salesforce's own hosts and no others. Told to use this proxy, they ask it to CONNECT to
login.salesforce.com and find the org, whose certificate bears such names. What they send is passed on as it is.
Prints its address.
"""

import asyncio
import sys


async def copy(source, target):
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except ConnectionError:
        pass
    finally:
        target.close()


async def serve(reader, writer):
    asked = (await reader.readuntil(b"\r\n\r\n")).split()
    host = asked[1].decode().rsplit(":", 1)[0] if len(asked) > 1 else ""
    if asked[0] != b"CONNECT" or not host.endswith(".salesforce.com"):
        writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        return
    from_org, to_org = await asyncio.open_connection(*ORG)
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(copy(reader, to_org), copy(from_org, writer))


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


host, port = sys.argv[1].rsplit(":", 1)
ORG = (host, int(port))
asyncio.run(main())
