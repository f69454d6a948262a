"""The demo: a platform, an organization, two sub-organizations, people of every role, 1,000 contacts each, queues.

Every telephone number is one that its country reserves for films and books, so that no demo can ever reach a person:
North has +44 7700 900000 to 900999 (Ofcom's numbers for drama), South the numbers 555-0100 to 555-0199 of ten area
codes of the United States (kept for fictional use in the North American Numbering Plan). People are made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.contacts import service as contacts
from hub.contacts.contact import ContactInput
from hub.contacts.service_attributes import NewAttribute, ensure
from hub.contacts.suppression import AddressHasher
from hub.ids import new_id
from hub.settings import Settings
from hub.tenancy import service, store
from hub.tenancy.tree import NewTenant, create_tenant
from models.db import Scope, insert_rows, transaction
from models.routing import queue_members, queues

PASSWORD = "parley-demo"
CONTACTS = 1_000
PLATFORM = "parley"
ORGANIZATION = "acme"
NORTH, SOUTH = "acme-north", "acme-south"
US_AREAS = (212, 213, 305, 312, 404, 512, 617, 702, 718, 808)
QUEUES = {  # queue → the local parts of its members' e-mail addresses
    "Care": ("agent", "agent2", "supervisor"),
    "Orders": ("agent", "supervisor"),
    "Billing": ("agent2", "supervisor"),
    "General": ("agent", "agent2", "supervisor"),
}
TAGS = {"newsletter": 0.45, "loyalty": 0.25, "lapsed": 0.20, "new": 0.12, "vip": 0.08, "returns": 0.06}
ATTRIBUTES = (
    NewAttribute("city", "text", "City"),
    NewAttribute("language", "text", "Language"),
    NewAttribute("order_id", "text", "Last order", indexed=True),
)
CITIES = {
    NORTH: (
        "Leeds",
        "Manchester",
        "Glasgow",
        "Newcastle",
        "Liverpool",
        "Edinburgh",
        "Sheffield",
        "York",
        "Hull",
        "Carlisle",
    ),
    SOUTH: (
        "New York",
        "Los Angeles",
        "Miami",
        "Chicago",
        "Atlanta",
        "Austin",
        "Boston",
        "Las Vegas",
        "Brooklyn",
        "Honolulu",
    ),
}
# language → first names, last names
NAMES: dict[str, tuple[str, str]] = {
    "en": (
        "Olivia Amelia Isla Noah George Arthur Harriet Callum Freya Owen Imogen Rhys Niamh Ewan Poppy Theo Grace Jack",
        "Smith Hughes Campbell Walker Fraser Bennett O'Neill Hartley Marsh Thornton Ellis Pryce Doyle Sutton Barnes",
    ),
    "hi": (
        "Asha Priya Rohan Meera Arjun Kavya Vikram Ananya Sanjay Neha Ishaan Divya Rahul Lakshmi Dev",
        "Rao Sharma Patel Iyer Gupta Nair Singh Mehta Reddy Kulkarni Bose Chatterjee Desai",
    ),
    "es": (
        "José María Lucía Mateo Sofía Diego Valentina Joaquín Inés Andrés Camila Íñigo Marisol",
        "García Muñoz Rodríguez Ibáñez López Fernández Peña Castillo Vargas Ortega",
    ),
    "fr": (
        "Zoé Léa Hugo Chloé Jules Inès Théo Maëlle Rémi Anaïs Noël Amélie",
        "Lefèvre Moreau Girard Dubois Côté Benoît Rousseau Faure Garnier",
    ),
    "pl": (
        "Łukasz Zofia Małgorzata Paweł Agnieszka Wojciech Kasia Jędrzej",
        "Wójcik Kowalska Nowak Zieliński Dąbrowska Szymański",
    ),
    "ar": ("محمد فاطمة يوسف ليلى عمر نور", "حداد منصور خليل العلي درويش"),
    "zh": ("娜 伟 芳 静 强 磊", "李 王 张 刘 陈"),
    "yo": ("Adébáyò Fọlákẹ́ Tèmítọ́pẹ́ Olúwaṣeun Yétúndé", "Adéyẹmí Ògúnlẹ́yẹ Bákàrè Ọlátúnjí"),
}
LANGUAGES = {
    NORTH: (55, 14, 3, 6, 12, 4, 3, 3),
    SOUTH: (48, 9, 27, 5, 2, 3, 4, 2),
}  # weights in the order of NAMES


@dataclass(frozen=True, slots=True)
class Login:
    """An account of the demo, for people to read."""

    role: str
    email: str
    password: str
    tenant: str


@dataclass(frozen=True, slots=True)
class _Person:
    local: str
    name: str
    role: str


_BY_ROLE = {
    NORTH: (
        _Person("admin", "Morag Sinclair", "sub_org_admin"),
        _Person("manager", "Tom Ashworth", "campaign_manager"),
        _Person("agent", "Meera Joshi", "support_agent"),
        _Person("agent2", "Callum Reid", "support_agent"),
        _Person("supervisor", "Bronwen Pryce", "supervisor"),
        _Person("data", "Zofia Nowak", "data_scientist"),
        _Person("billing", "Harriet Doyle", "billing_admin"),
        _Person("analyst", "Rohan Bose", "analyst"),
    ),
    SOUTH: (
        _Person("admin", "Marisol Vargas", "sub_org_admin"),
        _Person("manager", "Jamal Carter", "campaign_manager"),
        _Person("agent", "Lucía Peña", "support_agent"),
        _Person("agent2", "Grace Kim", "support_agent"),
        _Person("supervisor", "Diego Ortega", "supervisor"),
        _Person("data", "Neha Kulkarni", "data_scientist"),
        _Person("billing", "Owen Bennett", "billing_admin"),
        _Person("analyst", "Chloé Moreau", "analyst"),
    ),
    ORGANIZATION: (
        _Person("admin", "Ines Hartmann", "org_admin"),
        _Person("billing", "Paul Girard", "billing_admin"),
        _Person("data", "Yetunde Bakare", "data_scientist"),
        _Person("analyst", "Sam Marsh", "analyst"),
    ),
    PLATFORM: (_Person("admin", "Robin Keller", "super_admin"),),
}
_DOMAINS = {
    PLATFORM: "platform.example",
    ORGANIZATION: "acme.example",
    NORTH: "north.acme.example",
    SOUTH: "south.acme.example",
}
_TENANTS = {
    PLATFORM: NewTenant(
        "Parley",
        "platform",
        PLATFORM,
        brand={"product_name": "Parley", "primary_color": "#2f5d50", "logo_text": "Parley"},
    ),
    ORGANIZATION: NewTenant(
        "Acme Retail",
        "organization",
        ORGANIZATION,
        time_zone="Europe/London",
        default_country="GB",
        brand={"product_name": "Acme Talk", "primary_color": "#8a3ffc", "logo_text": "Acme"},
    ),
    NORTH: NewTenant(
        "Acme North",
        "sub_organization",
        NORTH,
        time_zone="Europe/London",
        default_country="GB",
        brand={"product_name": "Acme North", "primary_color": "#0b6aa2", "logo_text": "Acme North"},
    ),
    SOUTH: NewTenant(
        "Acme South",
        "sub_organization",
        SOUTH,
        time_zone="America/New_York",
        default_country="US",
        brand={"product_name": "Acme South", "primary_color": "#b3471d", "logo_text": "Acme South"},
    ),
}
_PARENTS = {ORGANIZATION: PLATFORM, NORTH: ORGANIZATION, SOUTH: ORGANIZATION}


async def seed_demo(engine: AsyncEngine, settings: Settings) -> list[Login]:
    """Make what is missing of the demo and return its logins. Running it again changes nothing.

    Each tenant is made with everything in it in one transaction, so a run that dies leaves no half of one.
    """
    for slug in _TENANTS:
        await _seed_tenant(engine, settings, slug)
    return [
        Login(person.role, f"{person.local}@{_DOMAINS[slug]}", PASSWORD, _TENANTS[slug].name)
        for slug in _TENANTS
        for person in _BY_ROLE[slug]
    ]


async def _seed_tenant(engine: AsyncEngine, settings: Settings, slug: str) -> None:
    async with transaction(engine, Scope.nothing()) as db:
        if await store.tenant_of_slug(db, slug) is not None:
            return
        parent_id = await store.tenant_of_slug(db, _PARENTS[slug]) if slug in _PARENTS else None
    scope = Scope(read=frozenset({parent_id} if parent_id else ()), write=frozenset())
    async with transaction(engine, scope) as db:
        tenant_id = await create_tenant(db, scope, parent_id, _TENANTS[slug])
        people = {
            person.local: await service.create_user(
                db, tenant_id, f"{person.local}@{_DOMAINS[slug]}", person.name, PASSWORD, [person.role]
            )
            for person in _BY_ROLE[slug]
        }
        if slug in CITIES:
            await _seed_queues(db, tenant_id, people)
            await ensure(db, tenant_id, ATTRIBUTES)
            found = await contacts.upsert_batch(
                db,
                tenant_id,
                list(people_of(slug)),
                default_country=_TENANTS[slug].default_country,
                consent_source="demo",
                hasher=AddressHasher(settings.secret_key.get_secret_value()),
            )
            assert all(result.status == "created" for result in found), "a demo contact is not valid"


async def _seed_queues(db: AsyncConnection, tenant_id: UUID, people: dict[str, UUID]) -> None:
    ids = {name: new_id() for name in QUEUES}
    await insert_rows(
        db, queues, [{"tenant_id": tenant_id, "id": ids[name], "name": name} for name in QUEUES]
    )
    members = [
        {"tenant_id": tenant_id, "queue_id": ids[name], "user_id": people[local]}
        for name, locals_ in QUEUES.items()
        for local in locals_
    ]
    await insert_rows(db, queue_members, members)


def numbers_of(slug: str) -> Sequence[str]:
    """The 1,000 fictional numbers of a sub-organization, in E.164."""
    if slug == NORTH:
        return [f"+447700900{last:03d}" for last in range(CONTACTS)]
    return [f"+1{area}555{last:04d}" for area in US_AREAS for last in range(100, 200)]


def people_of(slug: str) -> Iterator[ContactInput]:
    """The same 1,000 people each time."""
    random = Random(f"parley {slug}")  # a demo, not a secret
    languages = list(NAMES)
    for place, number in enumerate(numbers_of(slug)):
        language = random.choices(languages, LANGUAGES[slug])[0]
        firsts, lasts = (names.split() for names in NAMES[language])
        first, last = random.choice(firsts), random.choice(lasts)
        tags = [tag for tag, share in TAGS.items() if random.random() < share]
        attributes = {
            "city": random.choice(CITIES[slug]),
            "language": language,
            "order_id": f"{slug[5].upper()}-{100_000 + place * 7 + random.randrange(7)}",
        }
        name = f"{last}{first}" if language == "zh" else f"{first} {last}"
        yield ContactInput(number, name, language, tags, attributes)
