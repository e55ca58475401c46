# SPDX-License-Identifier: LGPL-2.1-or-later
"""HTTP/1.1 and WebSocket frames on plain sockets: just what the recordings of the protocol
need, with every byte in our hands."""
import base64
import hashlib
import os
import socket
import struct

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Closed(Exception):
    """The other side has closed the connection."""


class Stream:
    """A socket that is read by pieces."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Closed
        self.buffer += data

    def exactly(self, size):
        while len(self.buffer) < size:
            self._more()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def until(self, mark):
        while mark not in self.buffer:
            self._more()
        return self.exactly(self.buffer.index(mark) + len(mark))

    def message(self):
        """One HTTP message: its first line, headers (names in lower case) and body."""
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            if name:
                headers[name.lower()] = value.strip()
        body = self.exactly(int(headers.get("content-length", 0)))
        if headers.get("transfer-encoding") == "chunked":
            while size := int(self.until(b"\r\n"), 16):
                body += self.exactly(size)
                self.until(b"\r\n")
            self.until(b"\r\n")
        return lines[0], headers, body

    def frame(self):
        """One WebSocket frame: opcode and payload. Nobody here sends fragments."""
        first, second = self.exactly(2)
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack("!H", self.exactly(2))
        elif size == 127:
            size, = struct.unpack("!Q", self.exactly(8))
        mask = self.exactly(4) if second & 0x80 else b"\0\0\0\0"
        payload = self.exactly(size)
        return first & 0x0F, bytes(b ^ mask[i % 4] for i, b in enumerate(payload))

    def send_frame(self, opcode, payload, masked):
        size = len(payload)
        flag = 0x80 if masked else 0
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([flag | size])
        elif size < 65536:
            head += bytes([flag | 126]) + struct.pack("!H", size)
        else:
            head += bytes([flag | 127]) + struct.pack("!Q", size)
        if masked:
            mask = os.urandom(4)
            head += mask
            payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self.sock.sendall(head + payload)


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Stream(sock)


def listen():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(64)
    return sock


def head(first_line, headers):
    lines = [first_line] + [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest()).decode()


def as_record(data):
    """How bytes stand in a recording."""
    try:
        return {"text": data.decode("utf-8")} if data else {}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def from_record(record):
    if "base64" in record:
        return base64.b64decode(record["base64"])
    return record.get("text", "").encode("utf-8")
