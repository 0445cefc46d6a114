"""One workspace in memory, with what is not on disk yet."""

from typing import TypeVar

from braze_sandbox.model.campaign import Campaign, Segment
from braze_sandbox.model.deed import Event, Purchase
from braze_sandbox.model.profile import Profile
from braze_sandbox.store.definitions import Definitions
from braze_sandbox.store.meter import Meter
from braze_sandbox.store.profiles import Profiles

_T = TypeVar("_T")


class Workspace:
    """The users and the definitions of one workspace (Braze's older word: app group).

    Changes are made in memory and noted; `State.save` writes what was noted in one transaction.
    """

    def __init__(self, workspace_id: str, name: str) -> None:
        self.id = workspace_id
        self.name = name
        self.profiles = Profiles(workspace_id)
        self.meter = Meter()
        self.attribute_types: dict[str, str] = {}
        self.product_ids: set[str] = set()
        self.definitions = Definitions()
        self.unsaved_profiles: dict[str, Profile] = {}
        self.unsaved_types: dict[str, str] = {}
        self.unsaved_events: list[Event] = []
        self.unsaved_purchases: list[Purchase] = []
        self.unsaved_removals: list[int] = []
        self.unsaved_heirs: list[tuple[str, str | None]] = []

    @property
    def segments(self) -> dict[str, Segment]:
        """The segments by their ids."""
        return self.definitions.shelf(Segment)

    @property
    def campaigns(self) -> dict[str, Campaign]:
        """The campaigns by their ids."""
        return self.definitions.shelf(Campaign)

    def shelf(self, kind: type[_T]) -> dict[str, _T]:
        """Return the definitions of a kind by their ids."""
        return self.definitions.shelf(kind)

    def put(self, profile: Profile) -> None:
        """Add or replace a user."""
        self.profiles.put(profile)
        self.unsaved_profiles[profile.braze_id] = profile

    def remove(self, profile: Profile, *, heir: Profile | None = None) -> None:
        """Delete a user; what it did goes to `heir`, or is deleted too."""
        self.profiles.remove(profile)
        self.unsaved_profiles.pop(profile.braze_id, None)
        self.unsaved_removals.append(profile.number)
        self.unsaved_heirs.append((profile.braze_id, heir.braze_id if heir else None))

    def fix_type(self, attribute: str, kind: str) -> None:
        """Give a custom attribute its type; it keeps it from then on."""
        self.attribute_types[attribute] = kind
        self.unsaved_types[attribute] = kind

    def record_event(self, event: Event) -> None:
        """Keep an event."""
        self.unsaved_events.append(event)

    def record_purchase(self, purchase: Purchase) -> None:
        """Keep a purchase; an unknown product joins the list of products."""
        self.product_ids.add(purchase.product_id)
        self.unsaved_purchases.append(purchase)

    def mark_saved(self) -> None:
        """Note that all changes are on disk."""
        self.unsaved_profiles = {}
        self.unsaved_types = {}
        self.unsaved_events = []
        self.unsaved_purchases = []
        self.unsaved_removals = []
        self.unsaved_heirs = []
        self.meter.mark_saved()

    def clear_users(self) -> None:
        """Forget users, what they did, attribute types and data points."""
        self.profiles.clear()
        self.meter.clear()
        self.attribute_types.clear()
        self.product_ids.clear()
        self.mark_saved()
