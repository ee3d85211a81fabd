"""The times by which an adjudicator acts."""

from __future__ import annotations

import msgspec

from daybreak.base.time import SECOND_US


class Settings(msgspec.Struct, frozen=True):
    """Times of an adjudicator, all in microseconds."""

    lease_us: int = 2 * SECOND_US
    """How long a lease lasts: after a crash a successor waits for at most this."""
    probe_us: int = 250_000
    """A candidate that stands by asks this often who leads."""
    proposal_us: int = 500_000
    """Who has proposed and is not heard of for this long has given up, or is lost."""
    stagger_us: int = 300_000
    """A candidate waits longer than the one before it by this much, so that they do not outbid each other."""
    begin_us: int = SECOND_US
    """The same where no leader was ever heard of: other zones may still be starting."""
    renew_us: int = 1_300_000
    """A lease with less than this left is renewed."""
    heartbeat_us: int = 50_000
    """Between two heartbeats, when nobody asks for one."""
    lead_us: int = 1_000
    """How far ahead of the clock a promise reaches at least (P23)."""
    lead_every_us: int = 10_000
    """Where crossbars are far away and ask for nothing, a promise comes so often while somebody reads there, and
    reaches ahead as far as the farthest of them needs (`adjudicator.lead`)."""
    lead_most_us: int = 250_000
    """No promise reaches ahead for a crossbar that lags by more than this."""
    resend_after: int = 1
    """A replica of the journal that has not moved for more than so many heartbeats is sent again what it lacks."""
    forget_us: int = 10 * SECOND_US
    """Between two rises of the floor."""
    ahead_us: int = 100_000
    """A promise that is asked for reaches this far ahead of the clock at most: who wants more has a wrong clock."""
    hold_us: int = SECOND_US
    """How long a voter holds keys for a transaction whose outcome it does not learn (P12)."""
    ask_us: int = 100_000
    """A voter that is in doubt after half a hold asks the leader this often."""
    votes_us: int = 500_000
    """A leader waits this long for votes."""
    offer_us: int = 200_000
    """A range that was given away is offered to its new owner this often, until it has it."""
    announce_us: int = SECOND_US
    """Between two announcements of what is owned."""
    handover_us: int = 2 * SECOND_US
    """A leader that is to hand its journal over gives that up if it could not within this time."""
    remember_us: int = 30 * SECOND_US
    """How long an outcome is remembered, for those who ask late or twice."""
