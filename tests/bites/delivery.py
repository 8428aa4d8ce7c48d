"""Bugs of a backend: how files come to the server of the utility."""

from __future__ import annotations

from bites.mutant import mutant

from backend.adapters import (
    dispatch,
    drop_ftp,
    drop_sftp,
    ledger,
    upload,
)

TALK = drop_ftp._Talk
UPLOAD = upload.Upload

DELIVERING = (
    mutant(
        "a file is uploaded under its final name",
        "DLV-01",
        "at no moment",
        (UPLOAD.temporary, 'self.destination.temporary.replace("{name}", self.name)', "self.name"),
        (UPLOAD._rename, "await self.session.rename(self.temporary, self.name)", "pass"),
        only="only_when_it_is_complete",
    ),
    mutant(
        "each try has a temporary file of its own, and leaves it behind",
        "DLV-01",
        "nothing else lies in the drop folder",
        (UPLOAD.temporary, '("{name}", self.name)', '("{name}", f"{self.name}.{id(self)}")'),
        only="left_behind",
    ),
    mutant(
        "a delivery counts as done although its upload broke",
        "DLV-01",
        "1 file arrives",
        (
            dispatch.Dispatch._try,
            "await self._keep_failure(head, tries, error.cause, str(error), stops)",
            "there = __import__('backend').ports.Arrival(head.name, None, False)\n"
            "        await self._store.write(lambda connection: ledger.keep_arrival("
            "connection, head, tries, '', there, self._clock.now()))",
        ),
        only="left_behind",
    ),
    mutant(
        "an upload to a full disk is renamed without a look at its size",
        "DLV-01",
        "EW Seedorf holds 96 values",
        (drop_sftp._Session.write, "except _BareFailure as failure:", "except DeliveryError:"),
        (
            drop_sftp._Session.write,
            "await self._explain_bare_failure(failure, len(content))",
            "pass",
        ),
        (UPLOAD.run, "await self._check(self.temporary)", "pass"),
        only="disk_that_is_full",
    ),
    mutant(
        "a rename whose answer is lost is tried again under another name",
        "DLV-03",
        "1 file arrives",
        (
            UPLOAD.run,
            "return await self._compare(size_bytes)",
            "self.name = self.name.replace('.csv', '_2.csv')",
        ),
        only="answer_to_the_rename",
    ),
    mutant(
        "a file is made anew, with a new name, for each try",
        "DLV-03",
        "1 file arrives",
        (
            ledger.outgoing,
            "row.name, row.content",
            "row.name.replace('_1.', f'_{row.tries + 1}.'), row.content",
        ),
        only="answer_to_the_rename",
    ),
    mutant(
        "what is answered with OK is renamed without a look at its size",
        "DLV-01",
        "each delivery ends with one right file",
        (UPLOAD.run, "await self._check(self.temporary)", "pass"),
        only="FTP-uploading",
    ),
    mutant(
        "the final name is not looked at before an upload, and a second copy is left beside it",
        "DLV-03",
        "each delivery ends with one right file",
        (UPLOAD.temporary, '("{name}", self.name)', '("{name}", f"{self.name}.{id(self)}")'),
        (UPLOAD.run, "is not None:", "is not None and self.destination.is_direct:"),
        (UPLOAD._explain_rename, "await self._tidy()", "pass"),
        only="FTP-renaming",
    ),
    mutant(
        "a goodbye that is not answered makes a failure of an arrival",
        "DLV-06",
        "the status of the task told the cause",
        (upload.Courier._deliver, "if arrival is not None:", "if False:"),
        only="FTP-renaming",
    ),
    mutant(
        "a line that ends before its TLS is told as a failure of TLS",
        "DLV-06",
        "the status of the task told the cause",
        (TALK._wrapped, "raise EOFError from None", 'raise _NoTls("no handshake") from None'),
        only="implicit FTPS-connecting",
    ),
    mutant(
        "files go to the login folder, not to the account's",
        "ISE-04",
        "1 file arrives",
        (drop_sftp._Session.__init__, "destination.folder or", ""),
    ),
    mutant(
        "a backend that starts again has temporary files of its own",
        "DLV-03",
        "nothing else lies in the drop folder",
        (
            UPLOAD.temporary,
            '("{name}", self.name)',
            '("{name}", self.name + str(__import__("os").getpid()))',
        ),
        only="is_killed",
        alone=True,
    ),
)
