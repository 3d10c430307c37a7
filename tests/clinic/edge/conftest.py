import pytest

from tests.clinic.edge.stub import Application, Generation


@pytest.fixture
def present():
    return Generation()


@pytest.fixture
def application():
    return Application()
