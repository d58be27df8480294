# SPDX-License-Identifier: Apache-2.0
"""A throw-away CA and a server certificate for localhost, made by the openssl command."""

import os
import subprocess

REQUEST = """\
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name}
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
"""


KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(folder, *words):
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, f"openssl {' '.join(words)}: {done.stderr}"


def write_request(folder, name):
    with open(os.path.join(folder, f"{name}.cnf"), "w", encoding="utf-8") as conf:
        conf.write(REQUEST.format(name=f"nsx-quarantine test {name}"))


def make_ca(folder, name="ca"):
    """Writes NAME.pem and NAME.key; valid for two days."""
    write_request(folder, name)
    openssl(folder, "req", "-x509", *KEY, "-config", f"{name}.cnf", "-extensions", "ca",
            "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2")


def make_certificates(folder):
    """A CA, and server.pem with server.key that it signed."""
    make_ca(folder)
    write_request(folder, "server")
    openssl(folder, "req", *KEY, "-config", "server.cnf", "-keyout", "server.key",
            "-out", "server.csr")
    openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem",
            "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "server.cnf",
            "-extensions", "server", "-out", "server.pem", "-days", "2")
