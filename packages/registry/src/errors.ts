import { errorCatalogue } from '@dure/core';

/** What can go wrong between a registry and its clients. */
export const registryErrors = errorCatalogue('REGISTRY', {
  NOT_YOURS: {
    kind: 'forbidden',
    en: {
      title: 'A caller may change only its own registrations',
      fix: 'Register with the credential of that application, or add the caller to the registry’s `writers`.',
    },
    ko: {
      title: '자기 애플리케이션의 등록만 바꿀 수 있습니다',
      fix: '해당 애플리케이션의 자격 증명으로 등록하거나, 호출자를 레지스트리의 `writers`에 추가하십시오.',
    },
  },
  FULL: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The registry takes no more',
      fix: 'Raise the limit that the message names, or find what registers so much.',
    },
    ko: {
      title: '레지스트리가 가득 찼습니다',
      fix: '메시지에 나온 한도를 올리거나, 과도하게 등록하는 쪽을 찾으십시오.',
    },
  },
  OPTION_INVALID: {
    kind: 'internal',
    en: { title: 'The registry was given an impossible option', fix: 'Use a value in the range the message names.' },
    ko: { title: '레지스트리 옵션 값이 잘못되었습니다', fix: '메시지에 나온 범위 안의 값을 쓰십시오.' },
  },
  DNS_LISTEN_FAILED: {
    kind: 'unavailable',
    en: {
      title: 'The port for DNS answers could not be opened',
      fix: 'Stop the process that holds it, or choose another port: `dns: { port }`.',
    },
    ko: {
      title: 'DNS 응답용 포트를 열 수 없습니다',
      fix: '그 포트를 쓰는 프로세스를 멈추거나 `dns: { port }`로 다른 포트를 고르십시오.',
    },
  },
  UNREACHABLE: {
    kind: 'unavailable',
    retryable: true,
    en: {
      title: 'The registry could not be reached',
      fix: 'See `dure status` and `dure logs registry`; meanwhile the last known instances are used.',
    },
    ko: {
      title: '레지스트리에 연결할 수 없습니다',
      fix: '`dure status`와 `dure logs registry`를 확인하십시오. 그동안은 마지막으로 알려진 인스턴스를 씁니다.',
    },
  },
  PEER_REFUSED: {
    kind: 'upstream',
    retryable: true,
    en: {
      title: 'Another registry refused what this one told it',
      fix: 'See the log of the peer that the message names; it must know this registry’s key, or list its user in `writers`.',
    },
    ko: {
      title: '다른 레지스트리가 복제 요청을 거절했습니다',
      fix: '메시지에 나온 피어의 로그를 확인하십시오. 피어가 이 레지스트리의 키를 알고 있거나, 사용자가 피어의 `writers`에 있어야 합니다.',
    },
  },
  REFUSED: {
    kind: 'upstream',
    en: {
      title: 'The registry refused a registration',
      fix: 'The message holds the registry’s own words; correct the registration or the credential.',
    },
    ko: {
      title: '레지스트리가 등록을 거절했습니다',
      fix: '메시지에 레지스트리의 응답이 있습니다. 등록 내용이나 자격 증명을 고치십시오.',
    },
  },
  NOT_VISIBLE: {
    kind: 'timeout',
    retryable: true,
    en: {
      title: 'A service did not appear in the registry in time',
      fix: 'See `dure status` and the log of the service that the message names.',
    },
    ko: {
      title: '서비스가 제시간에 레지스트리에 나타나지 않았습니다',
      fix: '`dure status`와 메시지에 나온 서비스의 로그를 확인하십시오.',
    },
  },
});
