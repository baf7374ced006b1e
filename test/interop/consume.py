"""Reads streams as others do: with librdkafka, the registry's HTTP interface and an Avro library that is none of ours.

usage: consume.py --decoders                                      which decoders can be used here
       consume.py DECODER BROKERS REGISTRY TOPIC=COUNT ...        one line of JSON for each record
"""

import datetime
import importlib
import io
import json
import struct
import sys
import time
import urllib.request

PATIENCE_S = 30
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

# What each decoder is made of.
MODULES = {
    # Apache's own library, and a request for the schema by hand.
    "apache": ["avro.io", "avro.schema"],
    # What Confluent's client brings along: fastavro, and a registry client of its own.
    "confluent": ["confluent_kafka.schema_registry.avro"],
}


def main(arguments):
    if arguments == ["--decoders"]:
        print(json.dumps([name for name in MODULES if can_use(name)]))
        return
    decoder, brokers, registry, *topics = arguments
    wanted = {name: int(count) for name, count in (topic.split("=") for topic in topics)}
    decode = {"apache": apache, "confluent": confluent}[decoder](registry)
    for message in consume(brokers, wanted):
        record = {
            "topic": message.topic(),
            "partition": message.partition(),
            "key": None if message.key() is None else message.key().decode(),
            "schema_id": struct.unpack(">bI", message.value()[:5])[1],
            "record": neutral(decode(message)),
        }
        print(json.dumps(record))


def can_use(decoder):
    try:
        for module in ["confluent_kafka", *MODULES[decoder]]:
            importlib.import_module(module)
        return True
    except ImportError:
        return False


def consume(brokers, wanted):
    from confluent_kafka import Consumer

    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": f"others-{time.time_ns()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe(list(wanted))
    left = dict(wanted)
    deadline = time.monotonic() + PATIENCE_S
    while any(left.values()):
        message = consumer.poll(1)
        if message is None or message.error() is not None:
            if time.monotonic() > deadline:
                sys.exit(f"nothing came for {PATIENCE_S} s; still wanted: {left}")
            continue
        deadline = time.monotonic() + PATIENCE_S
        left[message.topic()] -= 1
        yield message
    consumer.close()


def apache(registry):
    import avro.io
    import avro.schema

    schemas = {}

    def decode(message):
        magic, schema_id = struct.unpack(">bI", message.value()[:5])
        assert magic == 0
        if schema_id not in schemas:
            with urllib.request.urlopen(f"{registry}/schemas/ids/{schema_id}") as answer:
                schemas[schema_id] = avro.schema.parse(json.load(answer)["schema"])
        body = io.BytesIO(message.value()[5:])
        record = avro.io.DatumReader(schemas[schema_id]).read(avro.io.BinaryDecoder(body))
        assert body.read() == b""
        return record

    return decode


def confluent(registry):
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.avro import AvroDeserializer
    from confluent_kafka.serialization import MessageField, SerializationContext

    deserializer = AvroDeserializer(SchemaRegistryClient({"url": registry}))
    return lambda message: deserializer(
        message.value(), SerializationContext(message.topic(), MessageField.VALUE)
    )


def neutral(value):
    """The value as JSON, without loss: a double by its bits, bytes in hexadecimal, an instant in milliseconds."""
    if isinstance(value, float):
        return {"double": struct.pack(">d", value).hex()}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, datetime.datetime):
        return (value - EPOCH) // datetime.timedelta(milliseconds=1)
    if isinstance(value, list):
        return [neutral(each) for each in value]
    if isinstance(value, dict):
        return {name: neutral(each) for name, each in value.items()}
    return value


main(sys.argv[1:])
