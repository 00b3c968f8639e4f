"""A hub in a thread: the routes that a push takes, what was sent to them, and repositories that misbehave by name."""

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "hf_a_token_that_nobody_may_see"


class Hub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Routes)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.created, self.large, self.commits, self.cards, self.authorization = [], {}, {}, [], set()

    def files(self, repo):
        """Return what the one commit to ``repo`` holds, by path."""
        found = {}
        for line in self.commits[repo]:
            value = line["value"]
            if line["key"] == "file":
                found[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                found[value["path"]] = self.large[value["oid"]]
        return found


class Routes(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, values, message=None):
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        if message:
            self.send_header("X-Error-Message", message)
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def do_GET(self):
        token = self.headers.get("Authorization")
        self.server.authorization.add(token)
        if self.path == "/api/whoami-v2":
            if token == "Bearer hf_that_breaks_the_hub":
                return self.reply(500, {}, f"no good: {token} \x07")
            known = token == f"Bearer {TOKEN}"
            return self.reply(200 if known else 401, {"name": "me", "type": "user"} if known else {}, str(token))
        repo = self.path.removeprefix("/api/models/")
        there = "forbidden" not in repo
        private = any(c["visibility"] == "private" and repo.endswith(c["name"]) for c in self.server.created)
        values = {"id": repo, "sha": "0" * 40, "private": private and "public" not in repo}
        return self.reply(200 if there else 404, values if there else {})

    def do_POST(self):
        data = self.body()
        self.server.authorization.add(self.headers.get("Authorization"))
        repo = "/".join(
            self.path.removeprefix("/api/models").removesuffix(".git/info/lfs/objects/batch").split("/")[1:3]
        )
        if self.path == "/api/repos/create":
            asked = json.loads(data)
            self.server.created.append({"visibility": None, **asked})
            if "forbidden" in asked["name"]:
                return self.reply(403, {}, "you may not")
            status = 409 if "public" in asked["name"] else 200
            return self.reply(status, {"url": f"{self.server.url}/me/{asked['name']}"})
        if self.path == "/api/validate-yaml":
            self.server.cards.append(json.loads(data)["content"])
            return self.reply(200, {"errors": [], "warnings": []})
        if "/preupload/" in self.path:
            modes = {True: "lfs", False: "regular"}
            files = [
                {"path": f["path"], "uploadMode": modes[f["path"].endswith(".safetensors")], "shouldIgnore": False}
                for f in json.loads(data)["files"]
            ]
            return self.reply(200, {"files": files})
        if self.path.endswith("/info/lfs/objects/batch"):
            objects = [
                {**o, "actions": {"upload": {"href": f"{self.server.url}/lfs/{repo.replace('/', '-')}/{o['oid']}"}}}
                for o in json.loads(data)["objects"]
            ]
            return self.reply(200, {"transfer": "basic", "objects": objects})
        if "hangup" in repo:
            self.close_connection = True
            self.connection.close()
            return None
        self.server.commits[repo] = [json.loads(line) for line in data.splitlines()]
        return self.reply(200, {"commitUrl": f"{self.server.url}/{repo}/commit/1", "commitOid": "1" * 40})

    def do_PUT(self):
        if "refused" in self.path:
            self.body()
            return self.reply(403, {}, "the link has expired")
        self.server.large[self.path.rsplit("/", 1)[1]] = self.body()
        return self.reply(200, {})


@contextmanager
def serving():
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
