<?php
// Lets the integration tests of bitrix24/b24phpsdk run on the PHP packages of Debian 12: autoloads them and the SDK (the
// folder in SDK), and stands in for the few classes that Debian does not have.

namespace {
    use Symfony\Component\Dotenv\Dotenv;

    foreach (glob('/usr/share/php/{Symfony/Component/*,Carbon,Monolog,Faker,Fig/*,Psr/*}/autoload.php', GLOB_BRACE) as $file) {
        require_once $file;
    }
    $folders = ['Bitrix24\\SDK\\Tests\\' => '/tests/', 'Bitrix24\\SDK\\' => '/src/'];
    spl_autoload_register(function (string $class) use ($folders): void {
        foreach ($folders as $prefix => $folder) {
            $file = getenv('SDK') . $folder . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
            if (str_starts_with($class, $prefix) && is_file($file)) {
                require_once $file;
                return;
            }
        }
    });
    $_ENV += ['APP_ENV' => 'dev', 'INTEGRATION_TEST_LOG_LEVEL' => '600', 'BITRIX24_WEBHOOK' => getenv('BITRIX24_WEBHOOK')];
}

namespace Money {
    final class Currency implements \JsonSerializable
    {
        public function __construct(private string $code) {}
        public function getCode(): string { return $this->code; }
        public function equals(Currency $other): bool { return $this->code === $other->code; }
        public function __toString(): string { return $this->code; }
        public function jsonSerialize(): string { return $this->code; }
    }

    /** An amount in hundredths. */
    final class Money implements \JsonSerializable
    {
        private string $amount;
        public function __construct(int|string $amount, private Currency $currency) { $this->amount = (string)$amount; }
        public function getAmount(): string { return $this->amount; }
        public function getCurrency(): Currency { return $this->currency; }
        public function equals(Money $other): bool { return $this == $other; }
        public function add(Money $other): Money { return new Money((int)$this->amount + (int)$other->amount, $this->currency); }
        public function divide(int|string $by): Money { return new Money((int)round((int)$this->amount / (float)$by), $this->currency); }
        public function subtract(Money $other): Money { return new Money((int)$this->amount - (int)$other->amount, $this->currency); }
        public function multiply(int|string $by): Money { return new Money((int)round((int)$this->amount * (float)$by), $this->currency); }
        public function jsonSerialize(): array { return ['amount' => $this->amount, 'currency' => $this->currency]; }
    }
}

namespace Money\Currencies {
    final class ISOCurrencies {}
}

namespace Money\Formatter {
    use Money\Money;

    final class DecimalMoneyFormatter
    {
        public function __construct(object $currencies) {}
        public function format(Money $money): string { return number_format((int)$money->getAmount() / 100, 2, '.', ''); }
    }
}

namespace Money\Parser {
    use Money\Currency;
    use Money\Money;

    final class DecimalMoneyParser
    {
        public function __construct(object $currencies) {}
        public function parse(string $money, ?Currency $currency = null): Money { return new Money((int)round((float)$money * 100), $currency); }
    }
}

namespace MoneyPHP\Percentage {
    final class Percentage
    {
        public function __construct(private string $percentage) {}
        public static function zero(): self { return new self('0'); }
        public function __toString(): string { return $this->percentage; }
    }
}

namespace Typhoon\Type {
    function stringify(string $type): string { return $type; }
}

namespace Typhoon\Reflection {
    /** A property of a class that its comment declares. */
    final class Property
    {
        public object $id;
        public function __construct(string $name, private string $type) { $this->id = (object)['name' => $name]; }
        public function isAnnotated(): bool { return true; }
        public function isNative(): bool { return false; }
        public function type(): string { return $this->type; }
    }

    /** Reads `@property-read Type $NAME` of a class and its parents; types are told with their full names. */
    final class TyphoonReflector
    {
        private ?\ReflectionClass $class = null;
        public static function build(): self { return new self(); }

        public function reflectClass(string $class): self
        {
            $reflector = new self();
            $reflector->class = new \ReflectionClass($class);
            return $reflector;
        }

        public function properties(): array
        {
            $found = [];
            for ($class = $this->class; $class; $class = $class->getParentClass()) {
                preg_match_all('/@property(?:-read)?\s+(\S+)\s+\$(\w+)/', (string)$class->getDocComment(), $lines, PREG_SET_ORDER);
                foreach ($lines as [, $type, $name]) {
                    $found[$name] ??= new Property($name, $this->fullName($class, $type));
                }
            }
            return $found;
        }

        private function fullName(\ReflectionClass $class, string $type): string
        {
            preg_match_all('/^use ([\w\\\\]+?(\w+));/m', file_get_contents($class->getFileName()), $uses, PREG_SET_ORDER);
            foreach ($uses as [, $full, $short]) {
                $type = preg_replace('/(?<![\w\\\\])' . $short . '\b/', addslashes($full), $type);
            }
            return preg_replace('/([\w\\\\]+)\[\]/', 'array<$1>', $type);
        }
    }
}
