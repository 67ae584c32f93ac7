"""Ends TLS in front of the sandbox for clients that insist on https: as a server at 127.0.0.1:8443, and as a proxy."""

import pathlib
import socket
import ssl
import subprocess
import threading

SANDBOX = ("127.0.0.1", 8024)
NAMES = "DNS:localhost,DNS:sandbox.test"


def make_certificate():
    if pathlib.Path("cert.pem").exists():
        return
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -keyout key.pem -out cert.pem"
    subprocess.run([*command.split(), "-addext", f"subjectAltName={NAMES}"], check=True)


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def accept_tunnel(client):
    while b"\r\n\r\n" not in client.recv(65536):
        pass
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")


def serve(client, context):
    if client.recv(1, socket.MSG_PEEK) == b"C":  # CONNECT
        accept_tunnel(client)
    inner = context.wrap_socket(client, server_side=True)
    portal = socket.create_connection(SANDBOX)
    threading.Thread(target=pump, args=(portal, inner), daemon=True).start()
    pump(inner, portal)


def main():
    make_certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert.pem", "key.pem")
    with socket.create_server(("127.0.0.1", 8443)) as server:
        while True:
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client, context), daemon=True).start()


main()
