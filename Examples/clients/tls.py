"""TLS in front of a running sandbox, for clients that speak https only.

Each service of the sandbox gets an address https://localhost:PORT, with a certificate of a root made here. Addresses of the
sandbox in answers are replaced by these, as a service behind such a proxy would write them.
"""

import http.client
import http.server
import json
import pathlib
import socketserver
import ssl
import subprocess
import threading


class Front:
    """The addresses of the services by name, and the file with the root certificate."""

    def __init__(self, sandbox, folder):
        self.folder = pathlib.Path(folder)
        self.root = self._certificates()
        self.places = {}
        self.urls = {}
        self.servers = []
        for name, service in sandbox["services"].items():
            server = self._server(service["url"])
            self.servers.append(server)
            self.urls[name] = "https://localhost:%d" % server.server_address[1]
            self.places[service["url"]] = self.urls[name]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def key_pair(self, name):
        """A private key and its certificate for a client's own use: two files."""
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                      "-keyout", name + ".key", "-out", name + ".crt")
        return str(self.folder / (name + ".key")), str(self.folder / (name + ".crt"))

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def _certificates(self):
        openssl = self._openssl
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Sandbox root",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "root.key", "-out", "root.pem")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "host.key", "-out", "host.csr")
        openssl("x509", "-req", "-in", "host.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "2",
                "-extfile", "names", "-out", "host.pem")
        return str(self.folder / "root.pem")

    def _server(self, target):
        front = self
        host = target.split("//")[1]

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words):
                pass

            def forward(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    body = self.chunks()
                headers = {name: value for name, value in self.headers.items()
                           if name.lower() not in ("host", "accept-encoding", "transfer-encoding", "content-length")}
                for secure, plain in [(new.encode(), old.encode()) for old, new in front.places.items()]:
                    body = body.replace(secure, plain)
                connection = http.client.HTTPConnection(host, timeout=60)
                connection.request(self.command, self.path, body=body or None, headers=headers)
                answer = connection.getresponse()
                text = answer.read()
                for plain, secure in front.places.items():
                    text = text.replace(plain.encode(), secure.encode())
                self.send_response(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() in ("content-length", "transfer-encoding", "connection"):
                        continue
                    for plain, secure in front.places.items():
                        value = value.replace(plain, secure)
                    self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if answer.status != 204 and self.command != "HEAD":
                    self.wfile.write(text)
                connection.close()

            def chunks(self):
                body = b""
                while True:
                    size = int(self.rfile.readline().split(b";")[0], 16)
                    body += self.rfile.read(size)
                    self.rfile.readline()
                    if size == 0:
                        return body

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = forward

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

        server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "host.pem", self.folder / "host.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        return server


def running_sandbox(flowrun, folder):
    """Starts a sandbox in a folder; gives its description."""
    out = subprocess.run([flowrun, "sandbox", "start", "--port", "0", "--detach", "--json"], cwd=folder, check=True,
                         stdout=subprocess.PIPE)
    return json.loads(out.stdout)
