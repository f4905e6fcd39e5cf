#!/usr/bin/env python3
"""An external verifier: reads rollouts and writes verdicts, exactly once. It needs only confluent-kafka.

    ./verifier.py --run NAME --config .sppo/client.properties [--name NAME] [--shadow]

A response is correct if its last number is the reference. For another rule, change judge(). One transaction commits
the verdicts of a batch and the offsets of its rollouts, so that a restart at any moment neither loses a rollout nor
publishes a verdict twice.
"""
import argparse
import json
import re
import struct
import time
import urllib.request
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition

VERSION = "1"


def judge(rollout):
    """Returns status, reward in [0, 1] or None if not judged, extracted answer, and id of the rule that decided."""
    numbers = re.findall(r"-?\d+(?:\.\d+)?", rollout["text"])
    if not numbers:
        return "NO_ANSWER", 0.0, None, "no-number"
    right = numbers[-1] == rollout["reference"].strip()
    return ("CORRECT", 1.0, numbers[-1], "last-number") if right else ("INCORRECT", 0.0, numbers[-1], "last-number")


class Avro:
    """The part of Avro's binary encoding that the events use: https://avro.apache.org/docs/1.12.0/specification/"""

    def __init__(self, schema):
        self.schema = schema
        self.named = {}
        self._learn(schema, "")

    def _learn(self, schema, namespace):
        if isinstance(schema, list):
            for branch in schema:
                self._learn(branch, namespace)
        elif isinstance(schema, dict):
            namespace = schema.get("namespace", namespace)
            if "name" in schema:
                self.named[schema["name"]] = self.named[f"{namespace}.{schema['name']}"] = schema
            for field in schema.get("fields", []):
                self._learn(field["type"], namespace)
            for inner in ("items", "values"):
                if inner in schema:
                    self._learn(schema[inner], namespace)

    def _kind(self, schema):
        if isinstance(schema, dict):
            inner = schema["type"]
            return (inner, schema) if inner in ("record", "enum", "array", "map") else self._kind(inner)
        return (schema, schema) if schema not in self.named else self._kind(self.named[schema])

    def decode(self, data):
        return self._read(self.schema, Bytes(data))

    def _read(self, schema, data):
        if isinstance(schema, list):
            return self._read(schema[data.long()], data)
        kind, schema = self._kind(schema)
        if kind == "record":
            return {field["name"]: self._read(field["type"], data) for field in schema["fields"]}
        if kind == "enum":
            return schema["symbols"][data.long()]
        if kind == "array":
            return [self._read(schema["items"], data) for _ in data.items()]
        if kind == "map":
            return {data.string(): self._read(schema["values"], data) for _ in data.items()}
        return {
            "null": lambda: None,
            "boolean": lambda: data.take(1) == b"\1",
            "int": data.long,
            "long": data.long,
            "float": lambda: struct.unpack("<f", data.take(4))[0],
            "double": lambda: struct.unpack("<d", data.take(8))[0],
            "string": data.string,
            "bytes": lambda: data.take(data.long()),
        }[kind]()

    def encode(self, value):
        return self._write(self.schema, value)

    def _write(self, schema, value):
        if isinstance(schema, list):
            index = next(i for i, branch in enumerate(schema) if (branch == "null") == (value is None))
            return zigzag(index) + self._write(schema[index], value)
        kind, schema = self._kind(schema)
        if kind == "record":
            # Fields that this program does not know get the default of the schema.
            return b"".join(
                self._write(field["type"], value[field["name"]] if field["name"] in value else field["default"])
                for field in schema["fields"]
            )
        if kind == "enum":
            return zigzag(schema["symbols"].index(value))
        if kind == "map":
            pairs = b"".join(self._write("string", k) + self._write(schema["values"], v) for k, v in value.items())
            return (zigzag(len(value)) + pairs if value else b"") + zigzag(0)
        if kind == "array":
            items = b"".join(self._write(schema["items"], item) for item in value)
            return (zigzag(len(value)) + items if value else b"") + zigzag(0)
        return {
            "null": lambda: b"",
            "boolean": lambda: b"\1" if value else b"\0",
            "int": lambda: zigzag(value),
            "long": lambda: zigzag(value),
            "double": lambda: struct.pack("<d", value),
            "string": lambda: zigzag(len(value.encode())) + value.encode(),
        }[kind]()


class Bytes:
    """Reads bytes from front to back."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count : self.at]

    def long(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)

    def string(self):
        return self.take(self.long()).decode()

    def items(self):
        """Yields once per item of an array or map. Blocks may start with their size in bytes."""
        while count := self.long():
            if count < 0:
                count, _ = -count, self.long()
            yield from range(count)


def zigzag(value):
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Registry:
    """Confluent's wire format: values start with a zero byte and the id of their schema in four bytes."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        self.by_id = {}

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as response:
            return json.load(response)

    def decode(self, value):
        zero, schema_id = struct.unpack(">bI", value[:5])
        if zero != 0:
            raise ValueError("not an Avro record of a schema registry")
        if schema_id not in self.by_id:
            self.by_id[schema_id] = Avro(json.loads(self.get(f"/schemas/ids/{schema_id}")["schema"]))
        return self.by_id[schema_id].decode(value[5:])

    def encoder(self, subject):
        latest = self.get(f"/subjects/{subject}/versions/latest")
        avro = Avro(json.loads(latest["schema"]))
        return lambda value: struct.pack(">bI", 0, latest["id"]) + avro.encode(value)


def verdict(rollout, name, shadow):
    status, reward, extracted, rule = judge(rollout)
    return {
        "rolloutId": rollout["rolloutId"],
        "requestId": rollout["requestId"],
        "verifier": name,
        "verifierVersion": VERSION,
        "status": status,
        "reward": reward,
        "extracted": extracted,
        "rule": rule,
        "judgedAt": time.time_ns() // 1000,
        "shadow": shadow,
    }


def connection(given):
    """Settings of the Kafka clients, and the registry's URL, from --config or the two addresses."""
    settings = {}
    if given.config:
        with open(given.config) as file:
            for line in file:
                name, equals, value = line.strip().partition("=")
                if equals and not name.startswith("#"):
                    # Java escapes colons, equals signs and the like.
                    settings[name.strip()] = re.sub(r"\\(.)", r"\1", value.strip())
    servers = given.bootstrap_servers or settings.get("bootstrap.servers")
    registry = given.schema_registry_url or settings.get("schema.registry.url")
    if not servers or not registry:
        raise SystemExit("give --config FILE, or --bootstrap-servers and --schema-registry-url")
    known = ("security.protocol", "sasl.mechanism", "sasl.username", "sasl.password")
    kafka = {name: settings[name] for name in known if name in settings}
    return {**kafka, "bootstrap.servers": servers}, registry


def main():
    options = argparse.ArgumentParser(description="Judges the rollouts of a run by their last number.")
    options.add_argument("--run", required=True)
    options.add_argument("--config", help="client properties, such as client.properties of a data directory")
    options.add_argument("--bootstrap-servers", help="a cluster without credentials")
    options.add_argument("--schema-registry-url")
    options.add_argument("--name", default="last-number", help="name that signs the verdicts")
    options.add_argument("--shadow", action="store_true", help="publish verdicts that are never rewarded")
    given = options.parse_args()

    rollouts, verdicts = f"{given.run}.rollouts.v1", f"{given.run}.verdicts.v1"
    kafka, url = connection(given)
    registry = Registry(url)
    encode = registry.encoder(f"{verdicts}-value")
    group = f"{given.run}.reward-verifier.{given.name}"
    consumer = Consumer({
        **kafka,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "session.timeout.ms": 10000,
    })
    # The generation of the consumer group fences zombies, so the id only has to be unique. Keys are partitioned as in
    # Java's client, so that the records of a request share a partition.
    producer = Producer({
        **kafka,
        "transactional.id": f"{group}-{uuid.uuid4()}",
        # Readers wait this long for the transaction of a program that was killed.
        "transaction.timeout.ms": 10000,
        "partitioner": "murmur2_random",
    })
    producer.init_transactions(30)
    consumer.subscribe([rollouts])
    print("running", flush=True)
    while True:
        batch = [message for message in consumer.consume(500, 0.2) if not message.error()]
        # Partitions that were reassigned in the meantime are judged by their new owner.
        owned = {partition.partition for partition in consumer.assignment()}
        batch = [message for message in batch if message.partition() in owned]
        if not batch:
            continue
        producer.begin_transaction()
        for message in batch:
            if dict(message.headers() or []).get("sppo.redeliver-to", group.encode()) != group.encode():
                continue  # A second copy, sent back to a role that had refused the first.
            try:
                rollout = registry.decode(message.value())
            except Exception as error:  # The other roles send it to the DLQ.
                print(f"{rollouts}-{message.partition()} offset {message.offset()} skipped: {error}", flush=True)
                continue
            producer.produce(verdicts, key=rollout["requestId"], value=encode(verdict(rollout, given.name, given.shadow)))
        offsets = {message.partition(): TopicPartition(rollouts, message.partition(), message.offset() + 1) for message in batch}
        producer.send_offsets_to_transaction(list(offsets.values()), consumer.consumer_group_metadata())
        producer.commit_transaction()


if __name__ == "__main__":
    main()
