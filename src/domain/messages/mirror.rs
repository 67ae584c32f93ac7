//! What the program says about the mirror: why it cannot be opened or read, and what keeps ids from
//! being written back.

use super::{Message, messages};

messages! {
    /// The mirror's file and its rows.
    pub enum MirrorMessage => Mirror {
        DanglingLink { path: String } =>
            "зеркало Ecvi {path} — ссылка на файл, которого нет: проверьте \
             [mirror] path и программу, которая наполняет зеркало",
            "the mirror {path} is a link to a file that is not there: check [mirror] path and what fills it";
        NotFound { path: String } =>
            "файл зеркала Ecvi {path} не найден: проверьте [mirror] path и программу, \
             которая наполняет зеркало (из отчётов его наполняет ecvi-b24 load)",
            "there is no mirror {path}: check [mirror] path and \
             what fills it (from reports ecvi-b24 load does)";
        FolderDenied { path: String, folder: String } =>
            "нет доступа к зеркалу Ecvi {path}: у этого пользователя нет права входа (x) в \
             папку {folder}; дайте его, или выполните команду от имени пользователя запусков",
            "no access to the mirror {path}: this user may not enter the folder \
             {folder} (right x); grant that, or run the command as the user of the runs";
        FileDenied { path: String } =>
            "нет права читать зеркало Ecvi {path}: дайте это право \
             пользователю, от имени которого идут запуски (docs/mirror.md)",
            "no permission to read the mirror {path}: grant it to the user of the runs (docs/mirror.md)";
        CannotBeOpened { path: String, error: Box<Message> } =>
            "зеркало Ecvi {path} не открывается ({error}): проверьте диск и [mirror] path",
            "the mirror {path} cannot be opened ({error}): check the disk and [mirror] path";
        IsFolder { path: String } =>
            "зеркало Ecvi {path} — папка, а не файл: укажите в [mirror] path файл SQLite",
            "the mirror {path} is a folder: name the SQLite file in [mirror] path";
        IsDevice { path: String } =>
            "зеркало Ecvi {path} — канал или устройство, а не файл: укажите в [mirror] path файл SQLite",
            "the mirror {path} is a pipe or a device and no file: name the SQLite file in [mirror] path";
        SidecarNoFile { path: String, file: String } =>
            "зеркало Ecvi {path} не открыто: {file} рядом с ним — ссылка, папка, канал или \
             устройство, а должен быть файлом SQLite; уберите его и запустите то, что наполняет зеркало",
            "the mirror {path} was not opened: {file} beside it is a link, a folder, a pipe or a \
             device and no file of SQLite; remove it, and start what fills the mirror";
        SidecarDenied { path: String, file: String } =>
            "зеркало Ecvi {path} в режиме WAL, а файл {file} этому пользователю \
             нельзя читать: дайте право на чтение (docs/mirror.md)",
            "the mirror {path} is in WAL mode, and this user \
             may not read {file}: grant that (docs/mirror.md)";
        SidecarsUnusable { path: String } =>
            "зеркало Ecvi {path} в режиме WAL, а файлами -wal и -shm этот пользователь \
             пользоваться не может: проверьте права на них и на папку (docs/mirror.md)",
            "the mirror {path} is in WAL mode, and this user cannot use its -wal and \
             -shm files: check their permissions and the folder's (docs/mirror.md)";
        ReadOnlyMount { path: String } =>
            "зеркало Ecvi {path} в режиме WAL, его диск подключён только для чтения, \
             а файлов -wal и -shm рядом нет: переведите зеркало в journal_mode=DELETE \
             или подключите диск с правом записи (docs/mirror.md)",
            "the mirror {path} is in WAL mode on a file system that is \
             mounted read-only, without -wal and -shm beside it: set \
             journal_mode=DELETE, or mount it writable (docs/mirror.md)";
        ClosedFolder { path: String, folder: String } =>
            "зеркало Ecvi {path} в режиме WAL, а у этого пользователя нет права записи \
             в папку {folder}: дайте обоим пользователям одну группу и ей право на \
             папку, или переведите зеркало в journal_mode=DELETE (docs/mirror.md)",
            "the mirror {path} is in WAL mode, and this user may not write \
             into the folder {folder}: give both users one group and it \
             the folder, or set journal_mode=DELETE (docs/mirror.md)";
        StopsFiller { path: String } =>
            "зеркало Ecvi {path} в режиме WAL: при чтении здесь появились бы файлы -wal и -shm \
             этого пользователя, и программа, которая наполняет зеркало, больше не смогла бы \
             писать. Поэтому оно не открыто. Дайте обоим пользователям одну группу: файлу права \
             0660, папке 2770; или переведите зеркало в journal_mode=DELETE (docs/mirror.md)",
            "the mirror {path} is in WAL mode: reading would leave -wal and -shm \
             files of this user there, and what fills the mirror could not write \
             any more. So it was not opened. Give both users one group, the file \
             0660 and the folder 2770; or set journal_mode=DELETE (docs/mirror.md)";
        FillerInterrupted { path: String, journal: String } =>
            "программа, которая наполняет зеркало Ecvi {path}, оборвалась \
             посреди записи (рядом остался {journal}): запустите её \
             снова, она вернёт файл в порядок; удалять журнал нельзя",
            "what fills the mirror {path} broke off in the middle of a write and left \
             {journal}: start it again, it puts the file in order; do not delete the journal";
        Busy { path: String } =>
            "зеркало Ecvi {path} занято другой программой; следующий запуск попробует снова",
            "the mirror {path} is held by another program; the next run tries again";
        Damaged { path: String } =>
            "зеркало Ecvi {path} повреждено: проверьте, чем оно наполняется",
            "the mirror {path} is damaged: check what fills it";
        DiskFailed { path: String } =>
            "зеркало Ecvi {path} не читается: ошибка диска; проверьте \
             диск, свободное место и предел размера файлов (ulimit -f)",
            "the mirror {path} cannot be read: the disk failed; check the \
             disk, its free space and the limit of file sizes (ulimit -f)";
        Unusable { path: String } =>
            "зеркало Ecvi {path} не открывается: проверьте путь и права, и что файл наполняется",
            "the mirror {path} cannot be opened: check its path and permissions, and what fills it";
        NoTemporaryFolder =>
            "нет папки для временных файлов, в которую можно писать: дайте \
             программе право записи в папку состояния или задайте TMPDIR",
            "there is no writable folder for temporary files: let the \
             program write into the folder of the state, or set TMPDIR";
        NoTemporarySpace =>
            "нет места для временных файлов: освободите диск, где лежит состояние, или задайте TMPDIR",
            "no space for temporary files: free the disk that holds the state, or set TMPDIR";
        ValueTooBig =>
            "в зеркале Ecvi есть значение больше миллиарда байт: проверьте программу, которая его наполняет",
            "the mirror holds a value of more than a thousand million bytes: check what fills it";
        TableUnreadable { path: String, table: String } =>
            "в зеркале Ecvi {path} не читается {table}: исправьте зеркало или [mirror.queries] {table}",
            "{table} of the mirror {path} cannot be read: correct the mirror or [mirror.queries] {table}";
        QueryHasParameter { table: String } =>
            "в [mirror.queries] {table} есть параметр («?» или «:имя»), которому \
             неоткуда взять значение. Напишите вместо него само значение",
            "[mirror.queries] {table} has a parameter (a ? or a :name) \
             that nothing gives a value. Write the value itself";
        ColumnsMissing { table: String, columns: String } =>
            "в зеркале у {table} нет столбцов: {columns}. Исправьте зеркало или [mirror.queries] {table}",
            "columns are missing in {table} of the mirror: {columns}. \
             Correct the mirror or [mirror.queries] {table}";
        ConfiguredColumnsMissing { table: String, columns: String } =>
            "в конфигурации указаны столбцы, которых в {table} зеркала нет: {columns}. \
             Исправьте fields, title или comments в [contact], [company], [deal] либо зеркало",
            "the configuration names columns that {table} of the mirror has not: {columns}. \
             Correct fields, title or comments in [contact], [company], [deal], or the mirror";
        OutOfOrder { id: String, after: String } =>
            "зеркало отдаёт записи не по порядку номеров ({id} после {after}), \
             ничего не передано: проверьте файл (PRAGMA integrity_check)",
            "the mirror's rows are not in the order of their ids ({id} after \
             {after}), nothing was sent: check the file (PRAGMA integrity_check)";
        ReadInterrupted =>
            "прервано при чтении зеркала Ecvi",
            "interrupted while the mirror was read";
        ReadTooLong =>
            "зеркало Ecvi не прочитано за отведённое время ([sync] \
             time_limit): проверьте [mirror.queries] и размер зеркала",
            "the mirror was not read within the time allowed ([sync] \
             time_limit): check [mirror.queries] and the size of the mirror";
        GuestsNotRead =>
            "зеркало Ecvi повреждено или занято (чтение: гости); ничего не передано",
            "the mirror is damaged or busy (reading guests); nothing was sent";
        CompaniesNotRead =>
            "зеркало Ecvi повреждено или занято (чтение: компании); ничего не передано",
            "the mirror is damaged or busy (reading companies); nothing was sent";
        BookingsNotRead =>
            "зеркало Ecvi повреждено или занято (чтение: заявки); ничего не передано",
            "the mirror is damaged or busy (reading bookings); nothing was sent";
        NotWrittenBack { path: String } =>
            "в зеркало {path} не записываются номера CRM ([mirror] \
             write_back): проверьте права и столбец crm_id",
            "CRM ids cannot be written into the mirror {path} ([mirror] \
             write_back): check its permissions and the column crm_id";
        WriteBackTooLong { path: String } =>
            "номера CRM не записаны в зеркало {path} за отведённое время ([mirror] write_back): \
             проверьте триггеры его таблиц; следующий запуск попробует снова",
            "CRM ids were not written into the mirror {path} within the time allowed ([mirror] \
             write_back): check the triggers of its tables; the next run tries again";
        WriteBackInterrupted =>
            "прервано при записи номеров CRM в зеркало Ecvi; их запишет следующий запуск",
            "interrupted while CRM ids were written into the mirror; the next run writes them";
    }
}
