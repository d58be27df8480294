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
[client]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth
"""

CLIENT = "nsx-quarantine test client"


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


def make_certificate(folder, name, use, days=2, ca="ca"):
    """NAME.pem and NAME.key, signed by that CA; use is server or client."""
    write_request(folder, name)
    openssl(folder, "req", *KEY, "-config", f"{name}.cnf", "-keyout", f"{name}.key",
            "-out", f"{name}.csr")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem",
            "-CAkey", f"{ca}.key", "-CAcreateserial", "-extfile", f"{name}.cnf",
            "-extensions", use, "-out", f"{name}.pem", "-days", str(days))
    os.chmod(os.path.join(folder, f"{name}.key"), 0o600)


def make_certificates(folder):
    """A CA, server.pem with server.key, and client.pem with client.key for CLIENT."""
    make_ca(folder)
    make_certificate(folder, "server", "server")
    make_certificate(folder, "client", "client")
