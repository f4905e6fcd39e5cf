#!/usr/bin/env python3
"""Publishes prompts to a run. Needs confluent-kafka and fastavro (pip install confluent-kafka fastavro).

    ./publish.py --run NAME --config .sppo/client.properties --most N < prompts.tsv

Standard input has a prompt, a tab and the reference answer a line. No more than N prompts are under way at a time:
a request is settled when the policy has trained on its rollouts, or when they have expired.
"""
import argparse
import datetime
import io
import json
import re
import struct
import sys
import urllib.request
import uuid

import fastavro
from confluent_kafka import Consumer, Producer, TopicPartition


class Registry:
    """Values begin with a zero byte and the id of their schema in four bytes, big-endian."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        self.by_id = {}

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as response:
            return json.load(response)

    def encoder(self, subject):
        latest = self.get(f"/subjects/{subject}/versions/latest")
        schema = fastavro.parse_schema(json.loads(latest["schema"]))

        def encode(value):
            out = io.BytesIO(struct.pack(">bI", 0, latest["id"]))
            out.seek(0, io.SEEK_END)
            fastavro.schemaless_writer(out, schema, value)
            return out.getvalue()

        return encode

    def decode(self, value):
        schema_id = struct.unpack(">bI", value[:5])[1]
        if schema_id not in self.by_id:
            schema = json.loads(self.get(f"/schemas/ids/{schema_id}")["schema"])
            self.by_id[schema_id] = fastavro.parse_schema(schema)
        return fastavro.schemaless_reader(io.BytesIO(value[5:]), self.by_id[schema_id])


def settled(event):
    """Ids of the requests that a step of the policy, or an expiry, settles; rollouts of follow-ups settle none."""
    if "samples" in event:
        trained = event["samples"] if event["line"] == "policy" else []
        return [sample["rolloutId"].rpartition("/")[0] for sample in trained]
    return [event["rolloutId"].rpartition("/")[0] if event["rolloutId"] else event["requestId"]]


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
    options = argparse.ArgumentParser(description="publishes prompts to a run")
    options.add_argument("--run", required=True)
    options.add_argument("--config", help="client properties, such as client.properties of a data directory")
    options.add_argument("--bootstrap-servers", help="a cluster without credentials")
    options.add_argument("--schema-registry-url")
    options.add_argument("--most", type=int, required=True, help="prompts under way: at most (K + 1) x batch")
    options.add_argument("--dataset", default="addition", help="chooses the verifier")
    given = options.parse_args()

    kafka, url = connection(given)
    registry = Registry(url)
    topic = f"{given.run}.prompts.v1"
    encode = registry.encoder(f"{topic}-value")
    # Keys are spread as Java's clients do it: the records of a request share a partition.
    producer = Producer({**kafka, "partitioner": "murmur2_random"})
    consumer = Consumer({
        **kafka,
        "group.id": f"{given.run}.publisher-{uuid.uuid4()}",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
    })
    followed = [f"{given.run}.training-steps.v1", f"{given.run}.expired.v1"]
    consumer.assign([
        TopicPartition(name, partition, consumer.get_watermark_offsets(TopicPartition(name, partition), 10)[1])
        for name in followed
        for partition in consumer.list_topics(name, 10).topics[name].partitions
    ])

    under_way = set()
    for line in sys.stdin:
        prompt, reference = line.rstrip("\n").split("\t", 1)
        while len(under_way) >= given.most:
            for message in consumer.consume(500, 0.2):
                if not message.error():
                    under_way.difference_update(settled(registry.decode(message.value())))
        request_id = str(uuid.uuid4())
        under_way.add(request_id)
        producer.produce(topic, key=request_id, value=encode({
            "requestId": request_id,
            "promptId": prompt,
            "dataset": given.dataset,
            "messages": [{"role": "user", "content": prompt}],
            "reference": reference,
            "samples": 1,
            "minPolicyVersion": 0,
            "releasedAt": datetime.datetime.now(datetime.timezone.utc),
        }))
        producer.poll(0)
    producer.flush()
    consumer.close()


if __name__ == "__main__":
    main()
