"""Java is asked once what a name is: a plan has thousands of columns."""

from unittest import mock

import pytest
from py4j.java_gateway import JavaClass, JVMView
from pyspark.sql import functions as F

from pipelines.session import remember_names

pytestmark = pytest.mark.spark


def test_a_function_is_looked_up_once_however_many_columns_it_makes(spark):
    jvm = spark._jvm
    sent = []
    real = jvm._gateway_client.send_command

    def send(command, *given, **named):
        sent.append(command)
        return real(command, *given, **named)

    F.col("a")
    with mock.patch.object(jvm._gateway_client, "send_command", send):
        F.col("b")
        F.col("c")
    assert len(sent) == 2, "each column is one call, and nothing else is asked"


def test_to_remember_twice_is_to_remember_once(spark):
    before = JVMView.__getattr__, JavaClass.__getattr__
    remember_names()
    assert (JVMView.__getattr__, JavaClass.__getattr__) == before
