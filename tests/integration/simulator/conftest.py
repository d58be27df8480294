# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of the simulator."""

import pytest

from support.nsx_client import Nsx


@pytest.fixture
def make_nsx(request):
    request.node.labs = running = []

    def make(world=None, **kwargs):
        running.append(Nsx(world, **kwargs))
        return running[-1]

    yield make
    for nsx in running:
        nsx.stop()


@pytest.fixture
def nsx(make_nsx):
    return make_nsx()
