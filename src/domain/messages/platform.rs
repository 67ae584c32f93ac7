//! What the program says of this machine: files, locks, memory.

use super::{Message, messages};

messages! {
    /// This machine's side: files, locks, memory.
    pub enum PlatformMessage => State {
        AnotherRunHoldsLock =>
            "идёт другой запуск, за минуту он не закончился; ничего не изменено, повторите позже",
            "another run is under way and did not end within a minute; nothing was changed, try again later";
        StateIsLink { path: String, target: String } =>
            "файл состояния {path} — ссылка на {target}: укажите в [state] path сам файл",
            "the state {path} is a link to {target}: name the file itself in [state] path";
        LockFileUnfit { path: String } =>
            "файл блокировки {path} непригоден: уберите его",
            "the lock file {path} is unfit: move it away";
        LockFileDenied { path: String, hint: Box<Message> } =>
            "нет прав на файл блокировки {path}: {hint}",
            "no permission for the lock file {path}: {hint}";
        LockFileUnusable { path: String } =>
            "файл блокировки {path} не открывается: проверьте папку и права",
            "the lock file {path} cannot be opened: check its folder and permissions";
        NotOurLock =>
            "это файл другой программы",
            "it is another program's file";
        FileHasAnotherName =>
            "у этого файла есть второе имя (жёсткая ссылка)",
            "this file has a second name (a hard link)";
        FileIsLink => "это ссылка, а не сам файл", "it is a link and not the file itself";
        NoRegularFile => "это не обычный файл", "it is no regular file";
        FileTooLarge { most: u64 } => "файл больше {most} МиБ", "the file is larger than {most} MiB";
        FileNotWritten { path: String } => "файл {path} не записан", "{path} was not written";
        FileOfOtherProgram =>
            "там уже есть другой файл: уберите его или укажите другой путь",
            "another file is there already: move it away, or name another path";
        RunAsOwner =>
            "выполните команду от имени пользователя, который ведёт запуски \
             (после установки из пакета: sudo -u ecvi-b24 ecvi-b24 …)",
            "run the command as the user of the scheduled runs \
             (installed from the package: sudo -u ecvi-b24 ecvi-b24 …)";
        CheckPath => "проверьте путь", "check its path";
        TooFewDescriptors =>
            "не хватает файловых дескрипторов: увеличьте предел открытых файлов (ulimit -n, LimitNOFILE)",
            "too few file descriptors: raise the limit of open files (ulimit -n, LimitNOFILE)";
        ClockWrong =>
            "часы этого компьютера показывают время до 1970 или после 9999 года: \
             установите время и повторите",
            "the clock of this machine shows a time before 1970 or after 9999: \
             set it, and try again";
        TooLittleMemory =>
            "не хватает памяти: освободите её или увеличьте предел (ulimit -v, MemoryMax)",
            "not enough memory: free some, or raise the limit (ulimit -v, MemoryMax)";
    }
}
