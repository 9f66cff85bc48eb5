"""What Twitch sends over EventSub, with every key that its reference documents."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

ROOM = {
    "broadcaster_user_id": "1",
    "broadcaster_user_login": "room",
    "broadcaster_user_name": "Room",
}
NOT_SHARED: Json = {
    "source_broadcaster_user_id": None,
    "source_broadcaster_user_login": None,
    "source_broadcaster_user_name": None,
    "source_message_id": None,
    "source_badges": None,
    "is_source_only": None,
}
SHARED: Json = {
    "source_broadcaster_user_id": "2",
    "source_broadcaster_user_login": "other",
    "source_broadcaster_user_name": "Other",
    "source_message_id": "over-there",
    "source_badges": [{"set_id": "moderator", "id": "1", "info": ""}],
    "is_source_only": False,
}


def person(prefix: str, name: str = "Ann", user_id: str = "7") -> Json:
    return {f"{prefix}_id": user_id, f"{prefix}_login": name.lower(), f"{prefix}_name": name}


def badge(name: str, info: str = "", version: str = "1") -> Json:
    return {"set_id": name, "id": version, "info": info}


def piece(text: str, kind: str = "text", **more: Any) -> Json:
    return {"type": kind, "text": text, "cheermote": None, "emote": None, "mention": None, **more}


def emote(name: str) -> Json:
    told = {"id": "25", "emote_set_id": "0", "owner_id": "0", "format": ["static"]}
    return piece(name, "emote", emote=told)


def mention(name: str) -> Json:
    return piece(f"@{name}", "mention", mention=person("user", name, "8"))


def cheermote(bits: int) -> Json:
    return piece(f"Cheer{bits}", "cheermote", cheermote={"prefix": "cheer", "bits": bits, "tier": 100})


def words(*pieces: Json | str) -> Json:
    fragments = [piece(one) if isinstance(one, str) else one for one in pieces]
    return {"text": "".join(fragment["text"] for fragment in fragments), "fragments": fragments}


def said(*pieces: Json | str, **more: Any) -> Json:
    return {
        **ROOM,
        **person("chatter_user"),
        "message_id": "m1",
        "message": words(*pieces),
        "color": "#FF0000",
        "badges": [],
        "message_type": "text",
        "cheer": None,
        "reply": None,
        "channel_points_custom_reward_id": None,
        "channel_points_animation_id": None,
        **NOT_SHARED,
        **more,
    }


def reply_to(name: str) -> Json:
    return {
        "parent_message_id": "parent",
        "parent_message_body": "what?",
        **person("parent_user", name, "8"),
        "thread_message_id": "parent",
        **person("thread_user", name, "8"),
    }


_NOTICES = (
    *("sub", "resub", "sub_gift", "community_sub_gift", "gift_paid_upgrade", "prime_paid_upgrade", "raid"),
    *("unraid", "pay_it_forward", "announcement", "bits_badge_tier", "charity_donation", "modiversary"),
    *("shared_chat_sub", "shared_chat_resub", "shared_chat_sub_gift", "shared_chat_community_sub_gift"),
    *("shared_chat_gift_paid_upgrade", "shared_chat_prime_paid_upgrade", "shared_chat_raid"),
    *("shared_chat_pay_it_forward", "shared_chat_announcement", "shared_chat_modiversary", "watch_streak"),
)


def notice(kind: str, about: Json, text: str = "", **more: Any) -> Json:
    return {
        **ROOM,
        **person("chatter_user"),
        "chatter_is_anonymous": False,
        "color": "#FF0000",
        "badges": [],
        "system_message": "Ann did something.",
        "message_id": "n1",
        "message": words(text) if text else {"text": "", "fragments": []},
        "notice_type": kind,
        **dict.fromkeys(_NOTICES),
        kind: about,
        **NOT_SHARED,
        **more,
    }


NO_GIFTER = {
    "gifter_is_anonymous": None,
    "gifter_user_id": None,
    "gifter_user_name": None,
    "gifter_user_login": None,
}


def subbed(tier: str = "1000", *, prime: bool = False, **more: Any) -> Json:
    return notice("sub", {"sub_tier": tier, "is_prime": prime, "duration_months": 1}, **more)


def resubbed(months: int, text: str = "", tier: str = "1000", **more: Any) -> Json:
    about = {
        "cumulative_months": months,
        "duration_months": 1,
        "streak_months": None,
        "sub_tier": tier,
        "is_prime": False,
        "is_gift": False,
        **NO_GIFTER,
    }
    return notice("resub", about, text, **more)


def gifted(bomb: str | None = None, months: int = 1, tier: str = "1000", **more: Any) -> Json:
    about = {
        "duration_months": months,
        "cumulative_total": 3,
        **person("recipient_user", "Bob", "8"),
        "sub_tier": tier,
        "community_gift_id": bomb,
    }
    return notice("sub_gift", about, **more)


def bombed(total: int, bomb: str = "b1", **more: Any) -> Json:
    about = {"id": bomb, "total": total, "sub_tier": "1000", "cumulative_total": total}
    return notice("community_sub_gift", about, **more)


def raided(viewers: int, **more: Any) -> Json:
    about = {**person("user"), "viewer_count": viewers, "profile_image_url": "https://x/y.png"}
    return notice("raid", about, **more)


def announced(text: str, **more: Any) -> Json:
    return notice("announcement", {"color": "PRIMARY"}, text, **more)


def deleted(message_id: str = "m1") -> Json:
    return {**ROOM, **person("target_user"), "message_id": message_id}


def silenced() -> Json:
    return {**ROOM, **person("target_user")}


def cleared() -> Json:
    return dict(ROOM)


def powered_up(bits: int, kind: str, *pieces: Json | str, **more: Any) -> Json:
    return {
        **ROOM,
        **person("user"),
        "bits": bits,
        "type": "power_up",
        "power_up": {"type": kind, "emote": {"id": "25", "name": "Kappa"}, "message_effect_id": None},
        "message": words(*pieces) if pieces else None,
        **more,
    }


def followed(name: str = "Ann", user_id: str = "7") -> Json:
    return {**ROOM, **person("user", name, user_id), "followed_at": "2026-11-25T10:00:00Z"}


def redeemed(title: str = "Ask Banban", text: str = "why?", **more: Any) -> Json:
    return {
        "id": "r1",
        **ROOM,
        **person("user"),
        "user_input": text,
        "status": "unfulfilled",
        "reward": {"id": "reward-1", "title": title, "cost": 500, "prompt": "Ask her anything."},
        "redeemed_at": "2026-11-25T10:00:00Z",
        **more,
    }


def began(kind: str = "live") -> Json:
    return {"id": "9001", **ROOM, "type": kind, "started_at": "2026-11-25T10:00:00Z"}


def ended() -> Json:
    return {"id": "9001", **ROOM}


VERSIONS = {"channel.follow": "2"}


def notification(kind: str, event: Any, message_id: str = "e1", **subscription: Any) -> Json:
    """The whole message."""
    version = VERSIONS.get(kind, "1")
    return {
        "metadata": {
            "message_id": message_id,
            "message_type": "notification",
            "message_timestamp": "2026-11-25T10:00:00.500000000Z",
            "subscription_type": kind,
            "subscription_version": version,
        },
        "payload": {
            "subscription": {
                "id": "s1",
                "status": "enabled",
                "type": kind,
                "version": version,
                "condition": {"broadcaster_user_id": "1"},
                "transport": {"method": "websocket", "session_id": "session"},
                "created_at": "2026-11-25T09:00:00.000000000Z",
                "cost": 0,
                **subscription,
            },
            "event": event,
        },
    }
