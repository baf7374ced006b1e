"""Writes interleaved transactions of several producers with librdkafka, and prints what librdkafka reads of them.

usage: interleave.py BROKERS TOPIC PARTITIONS SEED

One interleaving a partition. Prints one line of JSON for each partition: the records that a read-committed consumer sees,
as [offset, key, value], and the offset behind the last one. In the last partitions several transactions are open side by
side when their producers fall silent: the broker ends them when their time is over.
"""

import json
import random
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

# A key of the first kind is what the mark of an aborted transaction has, the second that of a committed one.
KEYS = ["\0\0\0\0", "\0\0\0\1", "\0\1\0\0", "", "a", "é", None]
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
STEPS = 14
# Of the partitions, those whose last transactions time out, and after how long.
TIMED_OUT = 5
TRANSACTION_TIMEOUT_MS = 6_000
TIMEOUT_S = 30


def main(brokers, topic, partitions, seed):
    chance = random.Random(seed)
    writers = [Writer(brokers, topic, f"interleaved-{seed}-{i}", codec) for i, codec in enumerate(CODECS)]
    plain = producer(brokers, "lz4")
    for partition in range(partitions):
        for step in range(STEPS):
            writer = chance.choice(writers)
            move = chance.random()
            if move < 0.5:
                writer.send(partition, chance)
            elif move < 0.6:
                send(plain, topic, partition, chance)
                plain.flush(TIMEOUT_S)
            elif move < 0.75:
                writer.end("commit")
            elif move < 0.95:
                writer.end("abort")
            else:
                writer.die()
        # Some stay open over to the next partition, so that transactions span several.
        if chance.random() < 0.5:
            for writer in writers:
                writer.end(chance.choice(["commit", "abort"]))
    for writer in writers:
        writer.end("commit")
    silent = fall_silent(brokers, topic, range(partitions - TIMED_OUT, partitions), chance)
    wait_for_ends(brokers, topic, range(partitions - TIMED_OUT, partitions))
    read(brokers, topic, partitions)
    del silent


def fall_silent(brokers, topic, partitions, chance):
    """Leaves transactions open over some partitions, after one that ended. Returns the producers, which stay alive."""
    silent = [
        Writer(brokers, topic, f"silent-{i}", codec, **{"transaction.timeout.ms": TRANSACTION_TIMEOUT_MS})
        for i, codec in enumerate(CODECS)
    ]
    for writer in silent:
        writer.send(partitions[0], chance)
        writer.end(chance.choice(["commit", "abort"]))
    for _ in range(2):
        for partition in partitions:
            for writer in chance.sample(silent, 3):
                writer.send(partition, chance)
    return silent


def wait_for_ends(brokers, topic, partitions):
    """Waits until no transaction is open: then readers of committed records see as far as all others."""
    readers = [
        Consumer({"bootstrap.servers": brokers, "group.id": "interleaved", "isolation.level": level})
        for level in ["read_committed", "read_uncommitted"]
    ]
    deadline = time.monotonic() + TIMEOUT_S
    for partition in partitions:
        while len({end_of(reader, topic, partition) for reader in readers}) > 1:
            if time.monotonic() > deadline:
                sys.exit(f"the transactions of partition {partition} did not end within {TIMEOUT_S} s")
            time.sleep(0.1)
    for reader in readers:
        reader.close()


def end_of(reader, topic, partition):
    return reader.get_watermark_offsets(TopicPartition(topic, partition), TIMEOUT_S)[1]


def producer(brokers, codec, **more):
    return Producer({"bootstrap.servers": brokers, "compression.type": codec, "linger.ms": 0, **more})


def send(to, topic, partition, chance):
    for _ in range(chance.randint(1, 4)):
        key = chance.choice(KEYS)
        value = bytes(chance.randrange(256) for _ in range(chance.randint(0, 40)))
        to.produce(topic, partition=partition, key=None if key is None else key.encode(), value=value)


class Writer:
    """A producer with a transactional id. When it dies, its successor aborts what it left open."""

    def __init__(self, brokers, topic, transactional_id, codec, **more):
        self.start = lambda: producer(brokers, codec, **{"transactional.id": transactional_id, **more})
        self.topic = topic
        self.is_open = False
        self.begin_life()

    def begin_life(self):
        self.producer = self.start()
        self.producer.init_transactions(TIMEOUT_S)

    def send(self, partition, chance):
        if not self.is_open:
            self.producer.begin_transaction()
            self.is_open = True
        send(self.producer, self.topic, partition, chance)
        self.producer.flush(TIMEOUT_S)

    def end(self, how):
        if not self.is_open:
            return
        if how == "commit":
            self.producer.commit_transaction(TIMEOUT_S)
        else:
            self.producer.abort_transaction(TIMEOUT_S)
        self.is_open = False

    def die(self):
        self.begin_life()
        self.is_open = False


def read(brokers, topic, partitions):
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "interleaved",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
        }
    )
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)])
    seen = {p: [] for p in range(partitions)}
    left = set(seen)
    while left:
        message = consumer.poll(TIMEOUT_S)
        if message is None:
            sys.exit(f"nothing came for {TIMEOUT_S} s; the ends of these partitions were not reached: {left}")
        if message.error() is None:
            key = message.key()
            seen[message.partition()].append(
                [message.offset(), None if key is None else key.decode(), message.value().hex()]
            )
        elif message.error().code() == KafkaError._PARTITION_EOF:
            left.discard(message.partition())
        else:
            sys.exit(str(message.error()))
    for partition, records in seen.items():
        end = end_of(consumer, topic, partition)
        print(json.dumps({"partition": partition, "records": records, "end": end}))
    consumer.close()


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
