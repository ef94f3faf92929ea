"""Where invented partners and people get their names from: eight countries, nobody real."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    name: str
    language: str
    region: str
    phone: str
    suffixes: tuple[str, ...]  # of a company's name
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    words: tuple[str, ...]  # that companies are named after


COUNTRIES = (
    Country(
        "Germany",
        "German",
        "dach",
        "+49",
        ("GmbH", "Systemhaus", "IT", "Digital", "Consulting"),
        (
            "Jonas",
            "Lena",
            "Felix",
            "Marie",
            "Paul",
            "Hannah",
            "Lukas",
            "Sophie",
            "Tim",
            "Clara",
            "Nils",
            "Greta",
        ),
        (
            "Weber",
            "Brandt",
            "Vogel",
            "Lorenz",
            "Seidel",
            "Kramer",
            "Busch",
            "Arndt",
            "Winter",
            "Haas",
            "Pohl",
        ),
        ("Hanse", "Elbtal", "Nordlicht", "Rheinwerk", "Spreeblick", "Isarstern", "Harz", "Wattenmeer"),
    ),
    Country(
        "Austria",
        "German",
        "dach",
        "+43",
        ("GmbH", "IT", "Datentechnik", "Cloud"),
        ("Anna", "David", "Katharina", "Florian", "Eva", "Matthias", "Theresa", "Jakob", "Valerie", "Simon"),
        ("Gruber", "Huber", "Steiner", "Moser", "Hofer", "Leitner", "Fuchs", "Eder", "Auer", "Lechner"),
        ("Alpen", "Donau", "Dachstein", "Grazer", "Tauern", "Zillertal", "Wachau"),
    ),
    Country(
        "Switzerland",
        "German",
        "dach",
        "+41",
        ("AG", "Datacraft", "Informatik", "Partner"),
        ("Ana", "Reto", "Nina", "Beat", "Laura", "Urs", "Selina", "Marco", "Livia", "Andri"),
        ("Keller", "Meier", "Frei", "Baumann", "Graf", "Suter", "Gerber", "Roth", "Wyss", "Kunz"),
        ("Helvetia", "Limmat", "Säntis", "Reuss", "Engadin", "Jura", "Gotthard"),
    ),
    Country(
        "France",
        "French",
        "west",
        "+33",
        ("SARL", "Réseau", "Conseil", "Numérique", "Services"),
        ("Camille", "Hugo", "Chloé", "Louis", "Manon", "Jules", "Inès", "Arthur", "Léa", "Théo", "Élise"),
        ("Moreau", "Lefèvre", "Girard", "Rousseau", "Fontaine", "Mercier", "Blanc", "Garnier", "Chevalier"),
        ("Atelier", "Lumière", "Armor", "Garonne", "Vosges", "Mistral", "Azur", "Bocage"),
    ),
    Country(
        "Italy",
        "Italian",
        "south",
        "+39",
        ("Srl", "Sistemi", "Informatica", "Soluzioni"),
        ("Chiara", "Luca", "Giulia", "Matteo", "Elena", "Davide", "Sara", "Andrea", "Martina", "Paolo"),
        ("Rossi", "Ferrari", "Romano", "Colombo", "Ricci", "Marino", "Greco", "Conti", "Gallo", "Rinaldi"),
        ("Adriatica", "Dolomiti", "Etna", "Lario", "Tirreno", "Langhe", "Vesuvio"),
    ),
    Country(
        "Spain",
        "Spanish",
        "south",
        "+34",
        ("SL", "Sistemas", "Tecnología", "Nube"),
        ("Lucía", "Pablo", "Marta", "Diego", "Carmen", "Javier", "Alba", "Sergio", "Irene", "Tomás"),
        ("García", "Navarro", "Ortega", "Molina", "Vega", "Serrano", "Ibáñez", "Prieto", "Silva", "Campos"),
        ("Nimbus", "Iberia", "Cantábrico", "Meseta", "Levante", "Sierra", "Alameda"),
    ),
    Country(
        "Netherlands",
        "Dutch",
        "west",
        "+31",
        ("BV", "Networks", "Cloud", "Automatisering"),
        ("Sanne", "Daan", "Femke", "Bram", "Lotte", "Sem", "Eva", "Thijs", "Noor", "Ruben"),
        ("de Vries", "Jansen", "Bakker", "Visser", "Smit", "Mulder", "de Boer", "Dekker", "van Dijk", "Kok"),
        ("Polder", "Maas", "Zuiderzee", "Duin", "Veluwe", "Oranje", "Delta"),
    ),
    Country(
        "Sweden",
        "Swedish",
        "north",
        "+46",
        ("AB", "Systems", "Digital", "Partners"),
        ("Maja", "Oskar", "Elsa", "Axel", "Freja", "Emil", "Astrid", "Viktor", "Ingrid", "Nils"),
        ("Lindqvist", "Bergström", "Nyström", "Sandberg", "Holm", "Ekman", "Lund", "Sjöberg", "Forsberg"),
        ("Fjord", "Norrsken", "Mälaren", "Vättern", "Skog", "Polar", "Öresund"),
    ),
)
TRADES = ("Cloud", "Data", "Secure", "Net", "Soft", "Storage", "Edge", "Works", "Managed", "Labs")
JOBS = {
    "sales_rep": ("Account executive", "Sales manager", "Inside sales", "Key account manager"),
    "solutions_engineer": ("Solutions engineer", "Cloud architect", "Presales engineer", "Consultant"),
    "partner_manager": ("Alliance manager", "Head of partnerships", "Partner lead"),
    "marketing": ("Marketing manager", "Campaign manager", "Content lead"),
    "admin": ("Managing director", "Operations lead", "Office manager"),
}
