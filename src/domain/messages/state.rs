//! What the program says about its state: why it cannot be opened, read or written.

use chrono::{DateTime, Utc};

use super::{Message, ShellArgument, messages};

messages! {
    /// The file of the state.
    pub enum StateMessage => State {
        NotWritable =>
            "состояние не записывается: проверьте место на диске (и там, \
             где временные файлы, TMPDIR) и права на файл и на его папку",
            "the state cannot be written: check the disk space (that of temporary \
             files too, TMPDIR) and the permissions of the file and of its folder";
        Damaged =>
            "файл состояния повреждён: верните его копию; если её нет, уберите файл и \
             выполните ecvi-b24 initial-export, он найдёт в CRM всё, что там уже есть",
            "the state is damaged: put its copy back; if there is none, move the file \
             away and run ecvi-b24 initial-export, which finds what is in the CRM already";
        FileDamaged { path: String } =>
            "файл состояния {path} повреждён: верните его копию; если её нет, уберите файл \
             и выполните ecvi-b24 initial-export, он найдёт в CRM всё, что там уже есть",
            "the state {path} is damaged: put its copy back; if there is none, move the file \
             away and run ecvi-b24 initial-export, which finds what is in the CRM already";
        NotAFile { path: String, reason: Box<Message> } =>
            "файл состояния {path}: {reason}; укажите в [state] path сам файл",
            "the state {path}: {reason}; name the file itself in [state] path";
        Busy { path: String } =>
            "файл состояния {path} занят другой программой: повторите позже",
            "the state {path} is held by another program: try again later";
        BusyRun { path: String, command: String, since: DateTime<Utc>, held: ShellArgument } =>
            "файл состояния {path} занят другим запуском ({command}, с {since}): повторите позже; \
             если он не заканчивается, узнайте, кто держит {held} (fuser {held}), \
             и завершите этот процесс: сделанное им сохранено",
            "the state {path} is held by another run ({command}, since {since}): try again later; \
             if it does not end, find out who holds {held} (fuser {held}) and end that process: \
             what it did is saved";
        DiskFailed { path: String } =>
            "состояние {path} не записывается: проверьте диск, \
             свободное место и предел размера файлов (ulimit -f)",
            "the state {path} cannot be written: check the disk, \
             its free space and the limit of file sizes (ulimit -f)";
        Denied { path: String, remedy: Box<Message> } =>
            "нет прав на файл состояния {path}: {remedy}",
            "no permission for the state {path}: {remedy}";
        CannotBeOpened { path: String } =>
            "файл состояния {path} не открывается: проверьте путь, права и место на диске",
            "the state {path} cannot be opened: check its path, permissions and the disk space";
        OtherProgram =>
            "это файл другой программы, а не состояние ecvi-b24; проверьте [state] path",
            "this file belongs to another program and is no state of ecvi-b24; check [state] path";
        NotAState =>
            "это не файл состояния ecvi-b24: укажите в [state] path другой файл \
             (а если здесь было состояние, верните его копию)",
            "this file is no state of ecvi-b24: name another file in [state] path \
             (or, where the state was here, put its copy back)";
        JournalUnfit { path: String, reason: Box<Message> } =>
            "журнал {path}: {reason}; уберите его",
            "the journal {path}: {reason}; move it away";
        NewerVersion =>
            "файл состояния создан более новой версией программы; установите её или новее",
            "the state was made by a newer version of this program; install that version or a newer one";
        OlderVersion =>
            "файл состояния создан более старой версией программы; его обновит следующий запуск sync",
            "the state was made by an older version of this program; the next sync brings it up to date";
        ForeignJournal { path: String } =>
            "рядом с файлом состояния лежал журнал другого файла (после прерванного \
             запуска вернули копию?); он переименован в {path}, его можно удалить",
            "beside the state lay the journal of another file (was a copy put \
             back after a run was killed?); it is {path} now and can be deleted";
    }
}
