#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# proxy.py PORT PORT-FILE: passes bytes on to a port of this machine; when it is stopped
# (SIGSTOP), the network is cut.
import asyncio
import os
import sys


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def serve(reader, writer):
    try:
        there = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    except OSError:
        writer.close()
        return
    await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    with open(sys.argv[2] + ".new", "w", encoding="utf-8") as file:
        print(server.sockets[0].getsockname()[1], file=file)
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    await server.serve_forever()


asyncio.run(main())
