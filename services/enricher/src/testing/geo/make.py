"""Makes small.mmdb, the database that the tests of the country read; small-ipv4.mmdb; and other.mmdb, a later version of it.

    pip install mmdb-writer netaddr && python make.py

The networks are those that RFC 5737 and RFC 3849 set aside for examples.
"""

from os.path import dirname, join

from mmdb_writer import MMDBWriter
from netaddr import IPSet

HERE = dirname(__file__)


def record(country, subdivisions=(), city=None):
    made = {"country": {"iso_code": country, "names": {"en": country}}}
    if subdivisions:
        made["subdivisions"] = [{"iso_code": code} for code in subdivisions]
    if city is not None:
        made["city"] = {"names": city}
    return made


NETWORKS = {
    "192.0.2.0/24": record("GB", ["ENG", "WBK"], {"en": "Boxford", "de": "Boxford an der Lambourn"}),
    # Finer than what is kept of an address: the lookup finds the network that the truncated address is in.
    "198.51.100.0/25": record("US", ["CA"], {"en": "San Jose"}),
    "198.51.100.128/25": record("CA", ["ON"], {"en": "Toronto"}),
    "203.0.113.0/24": record("CH", [], {"de": "Bülach"}),
    # A network of which only the holder's country is known.
    "192.0.0.0/29": {"registered_country": {"iso_code": "NL"}},
}
NETWORKS_IPV6 = {
    "2001:db8:1::/48": record("JP", ["13"], {"en": "Tokyo"}),
    "2001:db8:2::/48": record("DE"),
}


def write(name, networks, version):
    writer = MMDBWriter(
        ip_version=version,
        ipv4_compatible=version == 6,
        database_type="Example-City",
        languages=["en", "de"],
        description="Made for tests",
    )
    for network, content in networks.items():
        writer.insert_network(IPSet([network]), content)
    writer.to_db_file(join(HERE, name))


write("small.mmdb", NETWORKS | NETWORKS_IPV6, 6)
write("small-ipv4.mmdb", NETWORKS, 4)
write("other.mmdb", {"192.0.2.0/24": record("FR", ["IDF"], {"en": "Paris"})}, 6)
