from django.core.management.base import BaseCommand

from crm_sync.connecting.resealing import reseal


class Command(BaseCommand):
    help = "Seals the keys of CRM connections with the first of PORTAL_ENCRYPTION_KEYS, so that older ones can go."

    def handle(self, **options):
        done, lost = reseal()
        self.stdout.write(f"{done} values are sealed with the first key.")
        if lost:
            self.stderr.write(
                f"{lost} could not be opened with any key: those connections need a new sign-in."
            )
