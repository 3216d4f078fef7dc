"""What starts Spark. The only module that knows Java, memory and Spark's configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.class_archive import use_archive
from pipelines.errors import MissingInputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DEBIAN_JAVA = Path("/usr/lib/jvm")
OLDEST_JAVA = 17

# Spark writes one long method per stage, and Java leaves methods beyond 8,000 bytes of bytecode
# uncompiled unless told otherwise: a step with many columns then takes thrice as long. And nearly
# all that a night runs is new to Java, and soon over: its thorough compiler, which took a third of
# a small night's CPU time, waits for ten times as many calls as usual
JAVA_OPTIONS = (
    "-XX:+UseParallelGC -XX:-DontCompileHugeMethods "
    "-XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 "
    "-XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000 "
    f'"-Dlog4j2.configurationFile={Path(__file__).with_name("log4j2.properties")}"'
)

CONF = {
    "spark.driver.memory": "4g",
    "spark.sql.shuffle.partitions": "16",
    "spark.sql.session.timeZone": "UTC",
    # the default, INT96, is read as nanoseconds elsewhere
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.enableVectorizedReader": "true",
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "100000",  # no job to list files
    # a join whose one side is small in every partition sorts neither
    "spark.sql.adaptive.maxShuffledHashJoinLocalMapThreshold": "64m",
    # lists are collected by hashing, not by sorting, while a task has no more keys than this
    "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "50000",
    # of ranked rows nearly all are the first of their few: ranking them twice gains nothing
    "spark.sql.optimizer.windowGroupLimitThreshold": "-1",
    # asked for with every column, it doubles the time to build a plan
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    # a night makes more classes than the 100 that are kept by default, and many of them twice
    "spark.sql.codegen.cache.maxEntries": "2000",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


def java_candidates(environ: dict[str, str]) -> list[Path]:
    """Java programs worth trying, best first: JAVA_HOME, PATH, Debian's usual place."""
    found = [Path(environ["JAVA_HOME"]) / "bin" / "java"] if environ.get("JAVA_HOME") else []
    on_path = shutil.which("java", path=environ.get("PATH"))
    found += [Path(on_path)] if on_path else []
    if DEBIAN_JAVA.is_dir():
        found += sorted(DEBIAN_JAVA.glob("*/bin/java"), reverse=True)
    return [java for java in found if java.exists()]


def java_version(java: Path) -> int | None:
    """Major version a java program reports, None if it does not run.

    The version line looks like `openjdk version "17.0.15" 2025-04-15`, or `"1.8.0_402"`.
    """
    try:
        text = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    except OSError:
        return None
    if '"' not in text:
        return None
    parts = text.split('"')[1].split(".")
    return int(parts[1] if parts[0] == "1" else parts[0].split("-")[0])


def find_java(environ: dict[str, str]) -> Path:
    """Home of the first Java that is new enough; MissingInputError says what to install."""
    seen = []
    for java in java_candidates(environ):
        version = java_version(java)
        if version is not None and version >= OLDEST_JAVA:
            return java.resolve().parent.parent
        seen.append(f"{java} is version {version}")
    what = f" ({'; '.join(seen)})" if seen else ""
    raise MissingInputError(
        f"Spark needs Java {OLDEST_JAVA} or newer and none was found{what}. On Debian or Ubuntu "
        "run `make java` as root (it installs openjdk-17-jre-headless); elsewhere install a "
        "Java 17 runtime and set JAVA_HOME."
    )


def start(environ: dict[str, str], scratch: str, **conf: str) -> SparkSession:
    """Start Spark, or return the session that already runs; `conf` wins over our defaults.

    `scratch` holds spilled data and the (unused) warehouse, so that nothing lands in the
    working directory. SPARK_REMOTE and SPARK_MASTER move the same code to a cluster.
    """
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable  # the builder's own setting is ignored locally
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName("touchstone")
    if environ.get("SPARK_REMOTE"):
        return builder.remote(environ["SPARK_REMOTE"]).getOrCreate()
    java_home = find_java(environ)
    os.environ["JAVA_HOME"] = str(java_home)
    here = {
        "spark.local.dir": scratch, "spark.sql.warehouse.dir": f"{scratch}/warehouse",
        "spark.driver.extraJavaOptions": _java_options(environ, java_home),
    }  # fmt: skip
    for key, value in {**CONF, **here, **conf}.items():
        builder = builder.config(key, value)
    spark = builder.master(environ.get("SPARK_MASTER", "local[*]")).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    remember_names()
    return spark


def _java_options(environ: dict[str, str], java_home: Path) -> str:
    """Ours, the archive of classes if one was made, and the user's, which win."""
    own = environ.get("TOUCHSTONE_JAVA_OPTIONS", "")
    return " ".join(filter(None, (JAVA_OPTIONS, use_archive(environ, java_home), own)))


def remember_names() -> None:
    """Let py4j keep what it found under the name of a class or of one of its functions.

    PySpark names `functions.col` for every column it makes, and py4j asks Java each time, which
    looks through all its archives: a tenth of a small night. A Java that is started later has
    names of its own.
    """
    from py4j.java_gateway import JavaClass, JVMView

    for kind in (JVMView, JavaClass):
        if not hasattr(kind.__getattr__, "asked"):
            kind.__getattr__ = _remembering(kind.__getattr__)


def _remembering(ask: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def found(self: Any, name: str) -> Any:
        self.__dict__[name] = answer = ask(self, name)
        return answer

    found.asked = ask  # type: ignore[attr-defined]
    return found


def end() -> None:
    """Stop Spark and wait until its Java is gone; a no-op if there is none."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    if spark := SparkSession.getActiveSession():
        spark.stop()
    if gateway := SparkContext._gateway:
        gateway.shutdown()
        gateway.proc.stdin.close()  # what it takes for a sign to end
        gateway.proc.wait()
        SparkContext._gateway = SparkContext._jvm = None
