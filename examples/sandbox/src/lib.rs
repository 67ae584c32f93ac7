//! A Bitrix24 portal in one process.
