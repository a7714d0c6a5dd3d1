"""A stand-in for Piston: an HTTP server that runs the packages' own scripts here.

It speaks POST /api/v2/execute and GET /api/v2/runtimes as Piston's
api/src/job.js does, with the scripts "compile" and "run" of a checkout of
guipenedo/piston. There is no sandbox: it is for programs of our own only.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PACKAGES = {"c++17": ("codeforces", "c++17"), "cf_python3": ("codeforces", "python3"), "cms_ioi": ("cms_ioi", "cms")}


def call(script, arguments, folder, language, seconds):
    """Runs a script of a package; what Piston tells of a stage."""
    env = {"PATH": os.environ["PATH"], "HOME": "/tmp", "PISTON_LANGUAGE": language}
    process = subprocess.Popen(["/bin/bash", str(script), *arguments], cwd=folder, env=env, start_new_session=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    late = False
    try:
        out, err = process.communicate(b"\n", timeout=seconds)
    except subprocess.TimeoutExpired:
        late = True
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    try:
        os.killpg(process.pid, signal.SIGKILL)  # what a script leaves behind
    except ProcessLookupError:
        pass
    code, name = process.returncode, None
    if code < 0 or late:
        code, name = None, "SIGKILL" if late else signal.Signals(-code).name
    return {"stdout": out.decode("utf-8", "replace"), "stderr": err.decode("utf-8", "replace"), "code": code, "signal": name, "output": ""}


def execute(packages, job):
    """The status and the answer to a job."""
    if not all(isinstance(f.get("content"), str) for f in job["files"]):
        return 400, {"message": "files[0].content is required as a string"}
    package, language = PACKAGES[job["language"]]
    scripts = Path(packages, "packages", package, "1.0.0")
    folder = tempfile.mkdtemp(prefix="standin-")
    try:
        for f in job["files"]:
            path = Path(folder, f["name"])
            if not path.resolve().is_relative_to(Path(folder).resolve()):
                return 500, {"message": "File path tries to escape parent directory"}
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f["content"], encoding="utf-8", newline="")
        answer = {"language": language, "version": "1.0.0"}
        answer["compile"] = call(scripts / "compile", [f["name"] for f in job["files"]], folder, language, 60)
        if answer["compile"]["code"] == 0:
            answer["run"] = call(scripts / "run", [job["files"][0]["name"]], folder, language, job["run_timeout"] / 1000)
        return 200, answer
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serve(packages):
    """Starts a server on a port of its own and returns its address."""
    class Handler(BaseHTTPRequestHandler):
        def answer(self, status, value):
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.answer(200, [{"language": name, "version": "1.0.0", "aliases": []} for name in PACKAGES])

        def do_POST(self):
            self.answer(*execute(packages, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "http://127.0.0.1:%d/api/v2" % server.server_port
