"""Prints through a hub with PyPI's PrintNodeApi as it is published: only the URL and the key are not PrintNode's.

Usage: printnode.py URL KEY CA PAUSED_PRINTER. Makes five tickets on the other printer; writes their titles as JSON.
"""

import base64
import http.server
import io
import json
import sys
import threading
import time

from PIL import Image, ImageDraw
from printnodeapi import ClientError, Gateway, Unauthorized

url, key, ca, paused = sys.argv[1:5]
gateway = Gateway(url=url, apikey=key, sslcert=ca)
PATIENCE_S = 120


def ticket(title):
    return b"\x1b@" + title.encode() + b"\n\n\x1dV\x00"


def pdf():
    page = Image.new("L", (560, 300), 255)
    ImageDraw.Draw(page).rectangle((40, 40, 520, 260), outline=0, width=6)
    file = io.BytesIO()
    page.save(file, "PDF", resolution=203)
    return file.getvalue()


PDF = pdf()


class Documents(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        signed_in = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"u:p").decode()
        allowed = self.path != "/guarded.pdf" or signed_in
        body = ticket("python raw uri") if self.path == "/raw" else PDF
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Documents)
threading.Thread(target=web.serve_forever, daemon=True).start()
documents = "http://127.0.0.1:%d" % web.server_port


def refused(kind, act):
    try:
        act()
    except kind as error:
        return error
    raise AssertionError("%r was not refused as %s" % (act, kind))


def wait_for(job, state):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        now = gateway.printjobs(printjob=job)
        if now.state == state:
            return now
        over = now.state in ("done", "error", "expired", "deleted") or time.monotonic() > deadline
        assert not over, (now, gateway.states(job))
        time.sleep(0.1)


# Who am I.
account = gateway.account
assert isinstance(account.id, int) and account.num_computers == 1 and account.state == "active", account
refused(Unauthorized, lambda: Gateway(url=url, apikey="cl_wrong", sslcert=ca).account)

# Computers and printers, in every way the library asks for them.
(computer,) = gateway.computers()
assert computer == gateway.computers(computer=computer.id) and computer.state == "connected", computer
assert gateway.computers(computer=computer.name) == [computer]
refused(LookupError, lambda: gateway.computers(computer=999))
assert gateway.scales(computer.id) == []
printers = gateway.printers()
assert len(printers) == 2 and all(p.computer == computer for p in printers), printers
(front,) = [p for p in printers if p.name != paused]
(waiting,) = gateway.printers(printer=paused)
assert front.state == "online" and not front.default, front
assert gateway.printers(printer=front.id) == front == gateway.printers(computer=computer.id, printer=front.name)[0]
refused(LookupError, lambda: gateway.printers(printer=999))

# Jobs of all four content types.
options = {"copies": 1, "fit_to_page": True, "no_such_option": 1}
login = {"type": "BasicAuth", "credentials": {"user": "u", "pass": "p"}}
jobs = [
    gateway.PrintJob(printer=front.id, job_type="raw", title="raw base64", binary=ticket("python raw base64")),
    gateway.PrintJob(printer=front.name, job_type="raw", title="raw uri", uri=documents + "/raw"),
    gateway.PrintJob(printer=front.id, title="pdf base64", base64=base64.b64encode(PDF).decode(), options=options),
    gateway.PrintJob(printer=front.id, title="pdf uri", uri=documents + "/a.pdf"),
    gateway.PrintJob(printer=front.id, title="pdf guarded", uri=documents + "/guarded.pdf", authentication=login),
]
assert [j.content_type for j in jobs] == ["raw_base64", "raw_uri", "pdf_base64", "pdf_uri", "pdf_uri"], jobs
assert all(j.source == "PythonApiClient" and j.printer.id == front.id for j in jobs), jobs
for job in jobs:
    wait_for(job.id, "done")
    (states,) = gateway.states(job.id)
    words = [state.state for state in states]
    assert words == ["new", "sent_to_client", "in_progress", "done"], states
    assert all(state.print_job_id == job.id for state in states), states
assert len(gateway.states()) == len(jobs)
ids = [job.id for job in jobs]
assert sorted(j.id for j in gateway.printjobs()) == ids
assert sorted(j.id for j in gateway.printjobs(printer=front.id)) == ids
assert sorted(j.id for j in gateway.printjobs(computer=computer.id)) == ids
assert [j.id for j in gateway.printjobs(printjob="raw uri")] == [ids[1]]

# Pages: what the library's own transport asks for.
get = gateway._auth.get
assert [j["id"] for j in get("/printjobs?limit=2")] == [ids[4], ids[3]]
assert [j["id"] for j in get("/printjobs?limit=2&after=%d" % ids[3])] == [ids[2], ids[1]]
assert [j["id"] for j in get("/printjobs/%d-%d?dir=asc" % (ids[1], ids[2]))] == [ids[1], ids[2]]

# Cancelling a job that waits for a printer.
job = gateway.PrintJob(printer=waiting.id, job_type="raw", title="never", binary=ticket("never"))
assert gateway._auth.delete("/printjobs/%d" % job.id) == [job.id]
wait_for(job.id, "deleted")
assert gateway._auth.delete("/printjobs/%d" % job.id) == []

# One job under one key.
fields = {"printerId": waiting.id, "title": "once", "contentType": "raw_base64", "content": "YQ==", "source": "s"}
once = {"X-Idempotency-Key": "python-1"}
made = gateway._auth.post("/printjobs", fields, dict(once))
error = refused(ClientError, lambda: gateway._auth.post("/printjobs", fields, dict(once)))
assert (error.status_code, error.code) == (409, "Conflict") and error.uid, error
assert gateway._auth.delete("/printjobs") == [made]
wait_for(made, "deleted")

# Errors.
for change, status in [
    ({"printerId": 999}, 404),
    ({"contentType": "pdf_raw"}, 400),
    ({"content": "%"}, 400),
    ({"contentType": "pdf_uri", "content": "https://127.0.0.2/x"}, 422),
    ({"contentType": "pdf_uri", "content": documents + "/guarded.pdf"}, 422),
    ({"qty": 1000}, 422),
]:
    error = refused(ClientError, lambda: gateway._auth.post("/printjobs", {**fields, **change}))
    assert error.status_code == status and error.message and error.uid, (change, error)
child = Gateway(url=url, apikey=key, child_id="7", sslcert=ca)
assert refused(ClientError, lambda: child.account).code == "Forbidden"
names = dict(firstname="a", lastname="b", email="c", password="d")
assert refused(ClientError, lambda: gateway.CreateAccount(**names)).status_code == 403

json.dump(["python raw base64", "python raw uri"], sys.stdout)
