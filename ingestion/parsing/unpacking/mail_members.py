"""The files attached to a message, and to the messages in it."""

from collections.abc import Iterator
from email.message import Message
from functools import partial
from typing import BinaryIO

from ingestion.parsing import media_types
from ingestion.parsing.eml.bodies import payload
from ingestion.parsing.eml.headers import file_name
from ingestion.parsing.eml.parser import message_contents, read_message
from ingestion.parsing.msg.messages import outlook_message
from ingestion.parsing.unpacking.members import Member, base_name


def mail_members(file: BinaryIO, media_type: str) -> Iterator[Member]:
    """Yield the files of an e-mail or Outlook message; raises CorruptDocument."""
    is_outlook = media_type == media_types.MSG
    message = outlook_message(file, with_files=True) if is_outlook else read_message(file)
    for _message, content in message_contents(message):
        for part in content.attached:
            name = base_name(file_name(part)) or part.get_content_subtype()
            yield Member(name, blocks=partial(_blocks, part))


def _blocks(part: Message) -> Iterator[bytes]:
    yield payload(part)
